"""What becomes of the change requests of somebody who leaves: what is submitted stays, drafts go."""

from django.db.models import QuerySet

from loyalty.core.changes.models import ChangeRequest
from loyalty.core.changes.rules import ChangeState
from loyalty.core.changes.verbs import withdraw
from loyalty.core.people.leaving import HandOver
from loyalty.core.people.models import User


def _theirs(person_id: int) -> QuerySet[ChangeRequest]:
    return ChangeRequest.objects.filter(state=ChangeState.DRAFT.value, proposed_by=person_id)


def _give(person: User, to: User | None) -> int:
    """Withdraw the person's drafts in their name; returns how many."""
    drafts = list(_theirs(person.pk).order_by("pk"))
    for draft in drafts:
        withdraw(draft.pk, acting_user=person)
    return len(drafts)


DRAFTS = HandOver(_theirs, _give)
