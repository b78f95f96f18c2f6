"""Connecting billing: Finance gives a key, which is tried before it is kept, sealed, and never shown again."""

from django.db import transaction
from django.urls import reverse
from django.utils import timezone

from loyalty.core.audit.rules import AuditVerb
from loyalty.core.audit.verbs import record
from loyalty.core.doorbell.verbs import ring_on_commit
from loyalty.core.errors import DomainError
from loyalty.core.notices.verbs import tell
from loyalty.core.people.models import User
from loyalty.core.people.permissions import check_member
from loyalty.core.people.queries import members
from loyalty.core.people.rules import Function
from loyalty.core.sealing import seal, unseal
from rewards.delivery.billing.client import check
from rewards.delivery.billing.models import BillingConnection
from rewards.delivery.billing.rules import Result, is_live
from rewards.delivery.outgoing.endpoints import WEBHOOKS

# Changing this text makes the stored key unreadable.
PURPOSE = "loyalty: key of billing"
UNREADABLE = "The key cannot be read: SECRET_KEY has changed. Connect Stripe again."


def connection_now() -> BillingConnection | None:
    """The connection; None when there is none."""
    return BillingConnection.objects.filter(pk=1).first()


def key_now() -> str | None:
    """The key that billing lets in; None without one, while billing refuses it, and when it cannot be read."""
    kept = BillingConnection.objects.filter(pk=1, locked_out_at=None).first()
    if kept is None:
        return None
    key = unseal(kept.sealed, PURPOSE)
    if key is None:
        lock_out(kept.sealed, UNREADABLE)
    return key


def connect(key: str, *, acting_user: User) -> BillingConnection:
    """Try a key of Stripe, and keep it when Stripe lets it change balances; it takes the place of the one before.

    Raises NotAllowed unless the person is in Finance, DomainError for what is no key and when Stripe does not answer
    or does not let it in.
    """
    check_member(acting_user, Function.FINANCE)
    live = is_live(key)
    found = check(key)
    if found.result is Result.LOCKED_OUT:
        raise DomainError(f"Stripe does not let this key write customer balances. {found.told}")
    if found.result is not Result.DONE:
        raise DomainError(f"Stripe could not be asked about this key; nothing was saved. {found.told}")
    return _keep(key, live, acting_user)


@transaction.atomic
def _keep(key: str, live: bool, acting_user: User) -> BillingConnection:
    before = BillingConnection.objects.select_for_update().filter(pk=1).first()
    values = {"sealed": seal(key, PURPOSE), "hint": key[-4:], "is_live": live, "connected_by": acting_user}
    values |= {"connected_at": timezone.now(), "locked_out_at": None, "locked_out_words": ""}
    kept, _ = BillingConnection.objects.update_or_create(pk=1, defaults=values)
    ring_on_commit(WEBHOOKS)
    record(
        AuditVerb.BILLING_CONNECTED,
        acting_user=acting_user,
        object_type="billing_connection",
        object_id=kept.pk,
        object_label=str(kept),
        before={"key": f"…{before.hint}"} if before else {},
        after={"key": f"…{kept.hint}", "moves real money": live},
    )
    return kept


@transaction.atomic
def disconnect(*, acting_user: User) -> None:
    """Forget the key. What waits goes on waiting. Raises NotAllowed unless the person is in Finance, DomainError when
    nothing is connected.
    """
    check_member(acting_user, Function.FINANCE)
    kept = BillingConnection.objects.select_for_update().filter(pk=1).first()
    if kept is None:
        raise DomainError("Stripe is not connected.")
    record(
        AuditVerb.BILLING_DISCONNECTED,
        acting_user=acting_user,
        object_type="billing_connection",
        object_id=kept.pk,
        object_label=str(kept),
        before={"key": f"…{kept.hint}"},
    )
    kept.delete()


@transaction.atomic
def lock_out(sealed: str, words: str) -> None:
    """Note that billing does not let a key in any more, unless there is another since; Finance is told once."""
    now = timezone.now()
    rows = BillingConnection.objects.filter(sealed=sealed, locked_out_at=None)
    if rows.update(locked_out_at=now, locked_out_words=words[:300]):
        people = members(Function.FINANCE).values_list("pk", flat=True)
        told = f"Stripe lets us in no more: credits wait. {words}"
        tell(people, f"billing:locked_out:{now.isoformat()}", told, reverse("billing"))
