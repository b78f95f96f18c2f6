"""An offer ends with the credit that it brought, when Finance reverses the posting that issued it."""

from django.db.models import QuerySet

from loyalty.core.people.models import User
from rewards.ledger.keepers import Keeper
from rewards.ledger.models import Posting, PostingLine
from rewards.ledger.rules import PostingKind
from rewards.offers.models import Offer
from rewards.offers.withdrawing import withdraw


def _brought(posting: Posting) -> QuerySet[Offer]:
    """The offer whose credit this posting issued; none for a posting of another kind."""
    lines = PostingLine.objects.filter(posting=posting, posting__kind=PostingKind.ISSUE.value, lot__isnull=False)
    return Offer.objects.filter(pk__in=lines.values("lot__grant__offer_id"))


def _hold(posting: Posting) -> None:
    _brought(posting).select_for_update(no_key=True).first()


def _follow(posting: Posting, reason: str, user: User) -> None:
    for offer in _brought(posting).select_related("account"):
        withdraw(offer, reason, acting_user=user)


CREDITED = Keeper("offers", hold=_hold, follow=_follow)
