"""What becomes of the change requests of somebody who leaves: what is submitted stays, drafts go."""

from loyalty.core.changes.models import ChangeRequest
from loyalty.core.changes.rules import ChangeState
from loyalty.core.changes.verbs import withdraw
from loyalty.core.people.models import User


def withdraw_drafts(person: User, to: User | None) -> int:
    """Withdraw the person's drafts in their name; returns how many."""
    drafts = ChangeRequest.objects.filter(state=ChangeState.DRAFT.value, proposed_by=person).order_by("pk")
    for draft in drafts:
        withdraw(draft.pk, acting_user=person)
    return len(drafts)
