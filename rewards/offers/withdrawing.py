"""Offers that are taken back by whoever made them: nobody decides, hands over or declines them any more."""

from django.utils import timezone

from loyalty.core.audit.rules import AuditVerb
from loyalty.core.audit.verbs import record
from loyalty.core.people.models import User
from rewards.offers.models import Offer
from rewards.offers.rules import OfferAction, OfferState, next_state
from rewards.offers.verbs import close_all

WITHDRAWN_FROM = frozenset(state for state in OfferState if next_state(state, OfferAction.WITHDRAW))


def withdraw(offer: Offer, reason: str, *, acting_user: User | None) -> None:
    """End an offer that is not over, and tell it in the audit; one that is over stays as it is.

    Reserved room is free again; the credit of a granted one frees what it had spent on its way off the books. The
    caller holds the offer's row lock.
    """
    if OfferState(offer.state) not in WITHDRAWN_FROM:
        return
    before = offer.state
    close_all([offer], OfferAction.WITHDRAW, now=timezone.now())
    record(
        AuditVerb.OFFER_WITHDRAWN,
        acting_user=acting_user,
        object_type="offer",
        object_id=offer.pk,
        object_label=str(offer),
        before={"state": before},
        after={"state": offer.state},
        reason=reason,
    )
