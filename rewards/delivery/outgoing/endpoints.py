"""Making and changing endpoints, and stopping them. Administrators only; each step leaves an audit line."""

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass

from django.db import transaction
from django.utils import timezone
from django.utils.crypto import salted_hmac

from loyalty.core.audit.rules import AuditVerb
from loyalty.core.audit.verbs import record
from loyalty.core.doorbell.verbs import ring_on_commit
from loyalty.core.errors import DomainError
from loyalty.core.outward import AddressRefused, NoAnswer, addresses_of, check_address
from loyalty.core.people.models import User
from loyalty.core.people.permissions import check_administrator
from rewards.delivery.outgoing.models import Endpoint, EventDelivery
from rewards.delivery.outgoing.rules import DeliveryState, EndpointState, EventType
from rewards.delivery.outgoing.secrets import make_secret

WEBHOOKS = "loyalty.webhooks"


@dataclass(frozen=True)
class Wanted:
    """What an endpoint is to be: its name, its https address, what it is told of."""

    name: str
    url: str
    types: Sequence[EventType]


@transaction.atomic
def create_endpoint(wanted: Wanted, *, acting_user: User) -> tuple[Endpoint, str]:
    """Make an endpoint and its first secret, which can be seen this once.

    It is told of what happens from now on. Raises NotAllowed unless an
    administrator acts, DomainError for a name that is taken and for an address
    that nothing is sent to.
    """
    check_administrator(acting_user)
    types = _checked(wanted)
    made, is_new = Endpoint.objects.get_or_create(name=wanted.name, defaults={"url": wanted.url, "types": types})
    if not is_new:
        raise DomainError(f"There is an endpoint called {made.name} already. Choose another name.")
    record(
        AuditVerb.CREATED,
        acting_user=acting_user,
        object_type="endpoint",
        object_id=made.pk,
        object_label=made.name,
        after=_told(made),
    )
    return made, make_secret(made, acting_user=acting_user)


@transaction.atomic
def edit_endpoint(endpoint_id: int, wanted: Wanted, *, acting_user: User) -> Endpoint:
    """Change an endpoint; what waits goes to the new address. Raises as `create_endpoint`."""
    check_administrator(acting_user)
    types = _checked(wanted)
    if Endpoint.objects.filter(name=wanted.name).exclude(pk=endpoint_id).exists():
        raise DomainError(f"There is an endpoint called {wanted.name} already. Choose another name.")
    endpoint = Endpoint.objects.select_for_update().get(pk=endpoint_id)
    before = _told(endpoint)
    endpoint.name, endpoint.url, endpoint.types = wanted.name, wanted.url, types
    if before != _told(endpoint):
        endpoint.save(update_fields=["name", "url", "types"])
        record(
            AuditVerb.EDITED,
            acting_user=acting_user,
            object_type="endpoint",
            object_id=endpoint.pk,
            object_label=endpoint.name,
            before=before,
            after=_told(endpoint),
        )
    return endpoint


@transaction.atomic
def pause(endpoint_id: int, reason: str, *, acting_user: User) -> None:
    """Send an endpoint nothing until it is resumed; what happens meanwhile waits.

    Raises NotAllowed unless an administrator acts, DomainError without a reason and when it is not active.
    """
    check_administrator(acting_user)
    if not reason.strip():
        raise DomainError("Say why it is paused.")
    endpoint = Endpoint.objects.select_for_update(no_key=True).get(pk=endpoint_id)
    if endpoint.state != EndpointState.ACTIVE:
        raise DomainError(f"This endpoint is {endpoint.state} already.")
    _set_state(endpoint, EndpointState.PAUSED, reason.strip(), AuditVerb.WEBHOOK_PAUSED, acting_user)


@transaction.atomic
def resume(endpoint_id: int, *, acting_user: User) -> int:
    """Send again, and at once what waits; returns how many deliveries that are.

    Raises NotAllowed unless an administrator acts, DomainError when it is active.
    """
    check_administrator(acting_user)
    endpoint = Endpoint.objects.select_for_update(no_key=True).get(pk=endpoint_id)
    if endpoint.state == EndpointState.ACTIVE:
        raise DomainError("This endpoint is active already.")
    endpoint.failing_since, endpoint.failures = None, 0
    endpoint.save(update_fields=["failing_since", "failures"])
    _set_state(endpoint, EndpointState.ACTIVE, "", AuditVerb.WEBHOOK_RESUMED, acting_user)
    waiting = EventDelivery.objects.filter(endpoint=endpoint, state=DeliveryState.WAITING)
    ring_on_commit(WEBHOOKS)
    return waiting.update(due_at=timezone.now())


@transaction.atomic
def send_again(delivery_id: int, *, acting_user: User) -> EventDelivery:
    """Send one delivery again, under the same message id, from the beginning of the schedule.

    Raises NotAllowed unless an administrator acts, DomainError when the endpoint is not active or it still waits.
    """
    check_administrator(acting_user)
    rows = EventDelivery.objects.select_for_update(of=("self",), no_key=True).select_related("endpoint", "event")
    delivery = rows.get(pk=delivery_id)
    if delivery.endpoint.state != EndpointState.ACTIVE:
        raise DomainError(f"{delivery.endpoint.name} is {delivery.endpoint.state}. Resume it first.")
    before = delivery.state
    # A try that is under way is none of ours any more: its outcome names an earlier claim.
    delivery.state, delivery.due_at, delivery.tries = DeliveryState.WAITING.value, timezone.now(), 0
    delivery.claims, delivery.lease_until, delivery.ended_at = delivery.claims + 1, None, None
    delivery.save(update_fields=["state", "due_at", "tries", "claims", "lease_until", "ended_at"])
    record(
        AuditVerb.WEBHOOK_RESENT,
        acting_user=acting_user,
        object_type="delivery",
        object_id=delivery.pk,
        object_label=f"{delivery.event.type} to {delivery.endpoint.name}",
        before={"state": before},
        after={"message": delivery.event.message_id},
    )
    ring_on_commit(WEBHOOKS)
    return delivery


def _set_state(
    endpoint: Endpoint, state: EndpointState, reason: str, verb: AuditVerb, acting_user: User | None
) -> None:
    before = endpoint.state
    endpoint.state, endpoint.state_reason = state.value, reason[:300]
    endpoint.save(update_fields=["state", "state_reason"])
    record(
        verb,
        acting_user=acting_user,
        object_type="endpoint",
        object_id=endpoint.pk,
        object_label=endpoint.name,
        before={"state": before},
        after={"state": state.value},
        reason=reason,
    )


def stop_by_itself(endpoint: Endpoint, state: EndpointState, reason: str) -> None:
    """Leave an endpoint alone because of how it answers; the caller holds its row and tells people."""
    _set_state(endpoint, state, reason, AuditVerb.WEBHOOK_PAUSED, None)


def _checked(wanted: Wanted) -> list[str]:
    """The types in their order; raises DomainError for what nothing can be sent to."""
    if not wanted.types:
        raise DomainError("Choose at least one type of event.")
    try:
        parts = check_address(wanted.url)
        # A host that cannot be found now may be there later; the log tells.
        with suppress(NoAnswer):
            addresses_of(parts.hostname or "", parts.port or 443)
    except AddressRefused as refused:
        raise DomainError(str(refused)) from refused
    return [event.value for event in EventType if event in wanted.types]


def _told(endpoint: Endpoint) -> dict[str, object]:
    """What the audit keeps: of the address its host, and a fingerprint that tells a change: the rest may be secret.

    The fingerprint is made with a key of ours: nobody finds a short secret by trying what gives the same.
    """
    return {
        "name": endpoint.name,
        "host": endpoint.host,
        "fingerprint of the address": salted_hmac("endpoint address", endpoint.url).hexdigest()[:12],
        "events": endpoint.types,
    }
