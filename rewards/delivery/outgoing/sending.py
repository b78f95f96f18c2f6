"""Sending what is due: deliveries are claimed, sent side by side, and tried again when that fails.

A claim counts up `claims`, and every note of an outcome names that count. A
worker that dies between the sending and its note lets the message go out a
second time, after the lease, with the same id. Only the requests themselves run
in threads, few for each endpoint: one that is slow or dead keeps no other waiting.
"""

import logging
import time
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial

from django.db import connection, transaction
from django.urls import reverse
from django.utils import timezone

from loyalty.core import outward
from loyalty.core.notices.verbs import tell
from loyalty.core.people.queries import administrators
from loyalty.core.side_by_side import side_by_side
from rewards.delivery.outgoing.endpoints import stop_by_itself
from rewards.delivery.outgoing.models import DeliveryTry, Endpoint, EventDelivery
from rewards.delivery.outgoing.reaching import look_again_in_steps, reached
from rewards.delivery.outgoing.rules import (
    GONE_STATUS,
    LEASE,
    DeliveryState,
    EndpointState,
    headers_for,
    is_dead,
    wait_before,
)
from rewards.delivery.outgoing.secrets import opened

log = logging.getLogger(__name__)

SECONDS = 20.0
THREADS = 32
AT_ONCE = 4

# The first due one of each endpoint that has room; whoever comes second finds it claimed and takes another.
_CLAIM = """
UPDATE rewards_eventdelivery SET claims = claims + 1, tries = tries + 1, lease_until = %(lease_until)s
WHERE id = (
    SELECT due.id FROM rewards_endpoint AS endpoint
    CROSS JOIN LATERAL (
        SELECT id, due_at FROM rewards_eventdelivery
        WHERE endpoint_id = endpoint.id AND state = 'waiting' AND due_at <= %(now)s
          AND (lease_until IS NULL OR lease_until < %(now)s)
        ORDER BY due_at, id LIMIT 1
    ) AS due
    WHERE endpoint.state = 'active' AND endpoint.id <> ALL (%(busy)s)
    ORDER BY due.due_at, due.id LIMIT 1
) AND state = 'waiting' AND (lease_until IS NULL OR lease_until < %(now)s)
RETURNING id
"""


@dataclass(frozen=True)
class Outcome:
    """What came of one try; `status` None when nobody answered, `wait` what the receiver asked for."""

    status: int | None
    told: str
    milliseconds: int
    wait: timedelta | None = None

    @property
    def is_taken(self) -> bool:
        return self.status is not None and 200 <= self.status < 300


def send_due() -> int:
    """Send what is due, beginning for at most 20 s; returns how many were taken. Harmless beside others that do so.

    Once an endpoint is gone meanwhile, the oldest of what only it had not taken have reached their customers; of the
    rest `look_again` tells at night.
    """

    def begin(delivery: EventDelivery) -> Callable[[], Outcome]:
        return partial(_post, *_message(delivery))

    gone = _gone()
    sent = side_by_side(lambda running: claim(_busy(running)), begin, note, seconds=SECONDS, threads=THREADS)
    if _gone() - gone:
        next(look_again_in_steps(now=timezone.now()), 0)
    return sent


def claim(busy: list[int] | None = None) -> EventDelivery | None:
    """The delivery that has waited longest, ours for as long as the lease; None when none is due.

    `busy` are endpoints that are passed over.
    """
    now = timezone.now()
    with connection.cursor() as cursor:
        cursor.execute(_CLAIM, {"now": now, "lease_until": now + LEASE, "busy": list(busy or [])})
        row = cursor.fetchone()
    return EventDelivery.objects.select_related("event", "endpoint").get(pk=row[0]) if row else None


def send(delivery: EventDelivery) -> bool:
    """Send a claimed delivery and note what came of it; whether it was taken."""
    return note(delivery, _post(*_message(delivery)))


def _busy(under_way: Sequence[EventDelivery]) -> list[int]:
    """Endpoints that have as many requests under way as they may; one that fails has one at a time."""
    held = Counter(delivery.endpoint_id for delivery in under_way)
    failing = {delivery.endpoint_id for delivery in under_way if delivery.endpoint.failures}
    return [endpoint for endpoint, count in held.items() if count >= (1 if endpoint in failing else AT_ONCE)]


def _message(delivery: EventDelivery) -> tuple[str, bytes, dict[str, str]]:
    now, body = timezone.now(), delivery.event.body.encode()
    signing = opened(delivery.endpoint_id, now=now)
    return delivery.endpoint.url, body, headers_for(signing, delivery.event.message_id, int(now.timestamp()), body)


def _post(url: str, body: bytes, headers: dict[str, str]) -> Outcome:
    """One request. Runs in a thread: it asks the database nothing, and raises nothing."""
    begun = time.monotonic()

    def outcome(status: int | None, told: str, asked: timedelta | None = None) -> Outcome:
        return Outcome(status, told[:300], round((time.monotonic() - begun) * 1000), asked)

    if not headers["webhook-signature"]:
        return outcome(None, "No signing secret can be read: SECRET_KEY has changed. Make a new secret.")
    try:
        answer = outward.post(url, body, headers)
    except (outward.AddressRefused, outward.NoAnswer) as error:
        return outcome(None, str(error))
    words = " ".join(answer.text.split())[:200].replace("\0", "")
    asked = timedelta(seconds=answer.retry_after) if answer.retry_after is not None else None
    return outcome(answer.status, f"Answered {answer.status}" + (f": {words}" if words else ""), asked)


@transaction.atomic
def note(delivery: EventDelivery, outcome: Outcome) -> bool:
    """Keep what came of a try, unless somebody else has claimed the delivery since; whether it was taken."""
    endpoint = Endpoint.objects.select_for_update(no_key=True).get(pk=delivery.endpoint_id)
    now = timezone.now()
    DeliveryTry.objects.create(
        delivery=delivery, at=now, status=outcome.status, told=outcome.told, milliseconds=outcome.milliseconds
    )
    if outcome.is_taken:
        _recovered(endpoint)
        _mine(delivery, state=DeliveryState.SENT.value, ended_at=now, told=outcome.told)
        reached(delivery.event_id, now=now)
        return True
    log.warning("Delivery %s to %s failed, try %s: %s", delivery.pk, endpoint.host, delivery.tries, outcome.told)
    pause = wait_before(delivery.tries, outcome.wait)
    if pause is None:
        told = f"Given up after {delivery.tries} tries. {outcome.told}"[:300]
        _mine(delivery, state=DeliveryState.FAILED.value, ended_at=now, told=told)
        _tell_given_up(delivery, outcome, now)
    else:
        _mine(delivery, due_at=now + pause, told=outcome.told)
    _failed(endpoint, outcome, now)
    return False


def _gone() -> set[int]:
    return set(Endpoint.objects.filter(state=EndpointState.GONE).values_list("pk", flat=True))


def _tell_given_up(delivery: EventDelivery, outcome: Outcome, now: datetime) -> None:
    """Once a day for each endpoint: nothing of it goes out again unless a person sends it."""
    endpoint = delivery.endpoint
    words = f"{endpoint.name} did not take a webhook in {delivery.tries} tries, so it waits for you. {outcome.told}"
    address = f"{reverse('endpoint', args=[endpoint.pk])}?state={DeliveryState.FAILED.value}"
    people = administrators().values_list("pk", flat=True)
    tell(people, f"endpoint:{endpoint.pk}:given up:{now.date().isoformat()}", words, address)


def _mine(delivery: EventDelivery, **values: object) -> None:
    rows = EventDelivery.objects.filter(pk=delivery.pk, claims=delivery.claims, state=DeliveryState.WAITING)
    rows.update(lease_until=None, **values)


def _recovered(endpoint: Endpoint) -> None:
    if endpoint.failures:
        endpoint.failing_since, endpoint.failures = None, 0
        endpoint.save(update_fields=["failing_since", "failures"])


def _failed(endpoint: Endpoint, outcome: Outcome, now: datetime) -> None:
    endpoint.failing_since = endpoint.failing_since or now
    endpoint.failures += 1
    endpoint.save(update_fields=["failing_since", "failures"])
    if endpoint.state != EndpointState.ACTIVE:
        return
    if outcome.status == GONE_STATUS:
        stop_by_itself(endpoint, EndpointState.GONE, "It answered 410: it wants nothing any more.")
    elif is_dead(now - endpoint.failing_since, endpoint.failures):
        reason = f"It has taken nothing since {endpoint.failing_since:%-d %b %Y, %H:%M} UTC. {outcome.told}"
        stop_by_itself(endpoint, EndpointState.PAUSED, reason)
    else:
        return
    words = f"Webhooks to {endpoint.name} are stopped. {endpoint.state_reason}"
    people = administrators().values_list("pk", flat=True)
    tell(people, f"endpoint:{endpoint.pk}:stopped:{now.isoformat()}", words, reverse("endpoint", args=[endpoint.pk]))
