"""What becomes of requests by themselves: approved ones hold from their day on, undecided ones expire."""

from django.db import transaction
from django.utils import timezone

from loyalty.core.audit.rules import AuditVerb
from loyalty.core.changes import telling
from loyalty.core.changes.models import ChangeRequest
from loyalty.core.changes.registry import changeable
from loyalty.core.changes.rules import ChangeAction, ChangeState
from loyalty.core.changes.steps import LiveMovedOn, after, check_live, read_live, tell
from loyalty.core.changes.verbs import apply_now, today
from loyalty.core.errors import DomainError

EXPIRING = (ChangeState.PENDING.value, ChangeState.CHANGES_REQUESTED.value, ChangeState.APPROVED.value)


def carry_out_due() -> dict[str, int]:
    """Apply what has come to its day, then close what nobody decided; harmless to repeat, and beside others."""
    return {"changes that hold now": apply_due(), "changes that nobody decided": expire_due()}


def apply_due() -> int:
    """Apply approved requests whose day has come, the oldest first; returns how many.

    One whose object has moved on since stays as it is, and its writers are told
    once: somebody writes it anew, or it expires.
    """
    ready = ChangeRequest.objects.filter(state=ChangeState.APPROVED.value, effective_on__lte=today())
    return sum(_apply(change_id) for change_id in ready.order_by("effective_on", "pk").values_list("pk", flat=True))


@transaction.atomic
def _apply(change_id: int) -> bool:
    waiting = ChangeRequest.objects.select_for_update(skip_locked=True, of=("self",))
    change = waiting.filter(pk=change_id, state=ChangeState.APPROVED.value, effective_on__lte=today()).first()
    if change is None or change.decided_by is None:
        return False
    try:
        with transaction.atomic():
            spec = changeable(change.kind)
            check_live(change, read_live(spec, change.object_id, lock=True))
            apply_now(change, spec, timezone.now(), change.decided_by)
    except DomainError as refused:
        telling.tell_it_stands_still(change, str(refused), is_conflict=isinstance(refused, LiveMovedOn))
        return False
    return True


def expire_due() -> int:
    """Close requests that nobody decided, or could apply, in time; returns how many."""
    overdue = ChangeRequest.objects.filter(state__in=EXPIRING, expires_at__lt=timezone.now())
    return sum(_expire(change_id) for change_id in overdue.order_by("pk").values_list("pk", flat=True))


@transaction.atomic
def _expire(change_id: int) -> bool:
    waiting = ChangeRequest.objects.select_for_update(skip_locked=True)
    change = waiting.filter(pk=change_id, state__in=EXPIRING, expires_at__lt=timezone.now()).first()
    if change is None:
        return False
    change.state = after(change, ChangeAction.EXPIRE)
    change.save(update_fields=["state"])
    tell(AuditVerb.CHANGE_EXPIRED, change, None, "Nobody decided it in time.")
    telling.tell_outcome(change, "closed, since nobody decided it in time", by=None)
    return True
