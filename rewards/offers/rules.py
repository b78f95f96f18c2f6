"""Life of an offer, as a table."""

from datetime import timedelta
from enum import StrEnum


class OfferState(StrEnum):
    PROPOSED = "proposed"
    IN_APPROVAL = "in_approval"
    APPROVED = "approved"
    DELIVERED = "delivered"
    ACCEPTED = "accepted"
    REDEEMED = "redeemed"
    REJECTED = "rejected"
    DECLINED = "declined"
    LAPSED = "lapsed"
    WITHDRAWN = "withdrawn"
    HELD_OUT = "held_out"

    @property
    def label(self) -> str:
        return self.value.replace("_", " ")


class OfferAction(StrEnum):
    SEND_FOR_APPROVAL = "send_for_approval"
    APPROVE = "approve"
    REJECT = "reject"
    DELIVER = "deliver"
    ACCEPT = "accept"
    DECLINE = "decline"
    REDEEM = "redeem"
    LAPSE = "lapse"
    WITHDRAW = "withdraw"
    UNDO = "undo"


S, A = OfferState, OfferAction

TRANSITIONS: dict[tuple[OfferState, OfferAction], OfferState] = {
    (S.PROPOSED, A.SEND_FOR_APPROVAL): S.IN_APPROVAL,
    (S.PROPOSED, A.WITHDRAW): S.WITHDRAWN,
    (S.IN_APPROVAL, A.APPROVE): S.APPROVED,
    (S.IN_APPROVAL, A.REJECT): S.REJECTED,
    (S.IN_APPROVAL, A.LAPSE): S.LAPSED,
    (S.IN_APPROVAL, A.WITHDRAW): S.WITHDRAWN,
    (S.REJECTED, A.UNDO): S.IN_APPROVAL,
    (S.APPROVED, A.UNDO): S.IN_APPROVAL,
    (S.APPROVED, A.DELIVER): S.DELIVERED,
    (S.APPROVED, A.WITHDRAW): S.WITHDRAWN,
    (S.DELIVERED, A.ACCEPT): S.ACCEPTED,
    (S.DELIVERED, A.DECLINE): S.DECLINED,
    (S.DELIVERED, A.LAPSE): S.LAPSED,
    (S.DELIVERED, A.REDEEM): S.REDEEMED,
    (S.DELIVERED, A.WITHDRAW): S.WITHDRAWN,
    (S.ACCEPTED, A.REDEEM): S.REDEEMED,
    (S.ACCEPTED, A.WITHDRAW): S.WITHDRAWN,
}

# For how long people take their own decisions back; so long a grant that stands on no books is told to nobody outside.
UNDO_WINDOW = timedelta(seconds=60)

OPEN_STATES = frozenset({S.PROPOSED, S.IN_APPROVAL})
# What was granted and stays with the customer; and the ends in which it was given back, had it been granted.
HELD_STATES = frozenset({S.APPROVED, S.DELIVERED, S.ACCEPTED, S.REDEEMED})
GIVEN_BACK_STATES = frozenset({S.DECLINED, S.LAPSED, S.WITHDRAWN})


def next_state(state: OfferState, action: OfferAction) -> OfferState | None:
    """The state that `action` leads to, or None when it makes no sense there."""
    return TRANSITIONS.get((state, action))
