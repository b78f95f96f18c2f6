"""Reversing a mistake on the page: what it undoes is shown before, and it stands for good.

Only what was issued or used is undone here: a reversal stands, credit that came back from a refund is used
again, what expired is granted anew, and breakage is estimated anew from the whole.
"""

from dataclasses import dataclass
from decimal import Decimal

from django.utils import timezone

from loyalty.core.audit.refusing import telling_refusals
from loyalty.core.errors import DomainError
from loyalty.core.people.models import User
from loyalty.core.people.permissions import check_member
from loyalty.core.people.rules import Function
from rewards.ledger.keepers import hold, tell_reversed, why_kept
from rewards.ledger.models import Posting
from rewards.ledger.queries import lines_of, lot_rooms
from rewards.ledger.rules import ZERO, Book, PostingKind, reversed_lines
from rewards.ledger.verbs import check_intact, reverse

REVERSIBLE = (PostingKind.ISSUE.value, PostingKind.REDEEM.value)


@dataclass(frozen=True)
class Effect:
    """What a reversal does to the credit of the customer, in `currency`, counted over all of their lots."""

    before: Decimal
    after: Decimal
    currency: str


def effect_of(posting: Posting) -> Effect:
    """What the reversal of credit that was issued or used would do to the customer's credit, as it stands now."""
    lines = [line for line in reversed_lines(lines_of(posting.pk)) if line.book is Book.LIABILITY]
    currency = lines[0].currency
    left = sum((room.left for room in lot_rooms(posting.account_id or 0, currency)), ZERO)
    return Effect(left, left - sum((line.amount for line in lines), ZERO), currency)


def why_it_stays(posting: Posting) -> str:
    """Why the posting cannot be reversed on the page; "" when nothing is known against it yet."""
    if posting.kind not in REVERSIBLE:
        return "Only credit that was issued or used is reversed here."
    if Posting.objects.filter(reverses=posting).exists():
        return "This posting was reversed before. It stands reversed."
    try:
        check_intact(posting)
    except DomainError as refusal:
        return str(refusal)
    return why_kept(posting)


def correct(posting: Posting, reason: str, *, acting_user: User) -> Posting:
    """Reverse a posting today (UTC), as `reverse` does; returns the reversal.

    Raises NotAllowed unless the person is in Finance (then the audit tells of the attempt), and DomainError
    without a reason, when it was reversed before, when some of an issue was used, and when a room keeps it.
    """
    with telling_refusals("posting", [posting.pk], f"reverse the {posting}", acting_user):
        check_member(acting_user, Function.FINANCE)
        hold(posting)
        if why := why_it_stays(posting):
            raise DomainError(why)
        reversal = reverse(posting, reason, acting_user=acting_user, booked_on=timezone.now().date())
        tell_reversed(posting, reason.strip(), acting_user)
        return reversal
