"""Giving a delivery to somebody, by a day, and reminding of those that are late."""

from datetime import date

from django.db import transaction
from django.urls import reverse

from loyalty.core.audit.rules import AuditVerb
from loyalty.core.audit.verbs import record
from loyalty.core.errors import DomainError
from loyalty.core.figures import day_text
from loyalty.core.notices.verbs import Told, tell, tell_all
from loyalty.core.people.models import User
from loyalty.core.people.permissions import check_member, is_member
from loyalty.core.people.queries import leads
from loyalty.core.people.rules import Function
from rewards.delivery.tasks.models import DeliveryTask
from rewards.delivery.tasks.queries import open_tasks
from rewards.offers.models import Offer
from rewards.offers.rules import OfferState


@transaction.atomic
def assign(task_id: int, owner: User | None, due_on: date, *, acting_user: User) -> DeliveryTask:
    """Set who delivers, and by when; a new owner is told.

    Raises NotAllowed unless a member of CS acts, DomainError when it is delivered
    (or gone) already, and when the owner is not in CS, whose verb delivering is.
    """
    check_member(acting_user, Function.CS)
    task = DeliveryTask.objects.select_related("owner").get(pk=task_id)
    offer = Offer.objects.select_for_update(of=("self",), no_key=True).select_related("account").get(pk=task.offer_id)
    if offer.state != OfferState.APPROVED:
        raise DomainError(f"This offer is {OfferState(offer.state).label}; there is nothing to deliver.")
    if owner is not None and not is_member(owner, Function.CS):
        raise DomainError(f"{owner.display_name} is not in Customer Success, who notes deliveries.")
    before = _told(task)
    task.owner, task.due_on = owner, due_on
    if before != _told(task):
        task.save(update_fields=["owner", "due_on"])
        record(
            AuditVerb.EDITED,
            acting_user=acting_user,
            object_type="delivery_task",
            object_id=task.pk,
            object_label=str(offer),
            before=before,
            after=_told(task),
        )
    if owner is not None and owner != acting_user and before["owner"] != owner.display_name:
        words = f"You deliver {offer} by {day_text(due_on)}"
        tell([owner.pk], f"task:{task.pk}:yours:{due_on.isoformat()}", words, reverse("offer", args=[offer.pk]))
    return task


def remind(day: date) -> int:
    """Tell owners, or the leads of CS where there is none, of what is late on `day`; once for each day due."""
    late = list(open_tasks().filter(due_on__lt=day).order_by("id"))
    nobodys = list(leads(Function.CS).values_list("pk", flat=True)) if any(t.owner_id is None for t in late) else []
    told = [
        Told(
            person,
            f"task:{task.pk}:late:{task.due_on.isoformat()}",
            f"{task.offer} was to be delivered by {day_text(task.due_on)}",
            reverse("offer", args=[task.offer_id]),
        )
        for task in late
        for person in ([task.owner_id] if task.owner_id else nobodys)
    ]
    return tell_all(told)


def _told(task: DeliveryTask) -> dict[str, str]:
    return {
        "owner": task.owner.display_name if task.owner else "nobody",
        "due on": task.due_on.isoformat(),
    }
