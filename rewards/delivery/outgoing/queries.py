"""Endpoints and what was sent to them, for the pages; and since when something waits."""

from collections.abc import Iterator
from datetime import datetime

from django.db.models import Count, Max, Min, Q, QuerySet

from rewards.delivery.outgoing.models import Endpoint, EventDelivery
from rewards.delivery.outgoing.rules import DeliveryState, EndpointState

STATES = {"": "All", "waiting": "Waiting", "sent": "Sent", "failed": "Failed"}
SORTED_BY = ("-id",)
ENDPOINTS_HEADER = ("endpoint", "host", "events", "state", "reason", "waiting", "failed", "last sent")
LOG_HEADER = ("message", "event", "account", "happened", "state", "tries", "told", "ended")


def endpoints() -> QuerySet[Endpoint]:
    """Every endpoint with how much waits, how much has failed, and when it last took something."""
    return Endpoint.objects.annotate(
        waiting=Count("deliveries", filter=Q(deliveries__state=DeliveryState.WAITING)),
        failed=Count("deliveries", filter=Q(deliveries__state=DeliveryState.FAILED)),
        last_sent=Max("deliveries__ended_at", filter=Q(deliveries__state=DeliveryState.SENT)),
    )


def deliveries(endpoint: Endpoint, state: str) -> QuerySet[EventDelivery]:
    """The log of an endpoint; `state` "" is all of it."""
    rows = EventDelivery.objects.filter(endpoint=endpoint).select_related("event__account")
    return rows.filter(state=state) if state else rows


def endpoint_rows(found: QuerySet[Endpoint]) -> Iterator[list[object]]:
    """Endpoints as lines of a CSV file."""
    for e in found:
        yield [e.name, e.host, ", ".join(e.types), e.state, e.state_reason, e.waiting, e.failed, e.last_sent]  # type: ignore[attr-defined]


def log_rows(found: QuerySet[EventDelivery]) -> Iterator[list[object]]:
    """A log as lines of a CSV file."""
    for d in found.iterator(chunk_size=2000):
        yield [d.event.message_id, d.event.type, d.event.account.name, d.event.at, d.state, d.tries, d.told, d.ended_at]


def due_since(now: datetime) -> datetime | None:
    """Since when the oldest delivery waits that somebody should be sending; None when none does."""
    due = EventDelivery.objects.filter(
        state=DeliveryState.WAITING, due_at__lte=now, lease_until=None, endpoint__state=EndpointState.ACTIVE
    )
    since: datetime | None = due.aggregate(since=Min("due_at"))["since"]
    return since
