"""Taking decisions back that ended an offer, one or many.

What a rejection gave back of supply and caps is taken again. A grant goes without a trace but the audit: its room
is reserved again, and the database takes its task and what was to be told of it with it; told to somebody, it stays.

Locks go as they do where offers are proposed: supply, then offers, then caps.
"""

from collections import Counter
from collections.abc import Sequence
from datetime import UTC, date, datetime

from django.db import DatabaseError, transaction

from loyalty.core.errors import DomainError
from rewards.caps.askers import Asker, askers_of
from rewards.caps.models import CapEntry
from rewards.caps.room import holding_room
from rewards.caps.rules import CapResult, ReserveRequest
from rewards.caps.verbs import refund, reserve
from rewards.catalogue.rules import Delivery
from rewards.catalogue.supply import supply_left
from rewards.offers.holding import is_held
from rewards.offers.models import Grant, Offer
from rewards.offers.rules import OfferAction, OfferState
from rewards.offers.verbs import MOVED, step

TOLD_OUTSIDE = "LC410"


def grants_held(offer_ids: Sequence[int], now: datetime) -> set[int]:
    """The offers whose grant stands on no books and was told to nobody outside yet: it can be taken back."""
    held = Grant.objects.filter(is_held(now), offer_id__in=offer_ids)
    return set(held.values_list("offer_id", flat=True))


def hold_supply(offer_ids: Sequence[int]) -> None:
    """Hold the supply of the rewards of offers that are to be reopened; called before their rows are locked."""
    supply_left(Offer.objects.filter(pk__in=offer_ids).values_list("reward_id", flat=True))


def reopen(offers: Sequence[Offer], *, now: datetime) -> dict[int, DomainError]:
    """Take rejections and held grants back: the offers are undecided again; returns why some stay, by offer id.

    Each stands for itself, in the order given, and takes cap room of the day (UTC) on which it was proposed, as an
    offer always does. It stays when there is no room any more, when it would pass a soft cap that it did not pass
    before, when the caps are others meanwhile, or when its grant was told outside. The caller has called
    `hold_supply`, locked the rows, and sets whom they await.
    """
    if not offers:
        return {}
    try:
        with transaction.atomic():
            _reopen(offers, now)
    except DomainError as refusal:
        if len(offers) == 1:
            return {offers[0].pk: refusal}
        # What one of them must not take is there for the next: those before it first, then it and the others.
        half = len(offers) // 2
        return reopen(offers[:half], now=now) | reopen(offers[half:], now=now)
    return {}


def _reopen(offers: Sequence[Offer], now: datetime) -> None:
    """All of them, or none: raises DomainError when one cannot be reopened."""
    rejected = [offer for offer in offers if offer.state == OfferState.REJECTED.value]
    wanted, left = Counter(offer.reward_id for offer in rejected), supply_left({offer.reward_id for offer in rejected})
    for offer in rejected:
        if wanted[offer.reward_id] > left.get(offer.reward_id, len(offers)):
            raise DomainError(f"The supply of “{offer.reward_name}” went to others meanwhile. Nothing was changed.")
    ids = [offer.pk for offer in offers]
    _take_back([offer.pk for offer in offers if offer.state == OfferState.APPROVED.value])
    held = set(CapEntry.objects.filter(offer_id__in=ids).values_list("offer_id", flat=True))
    results = reserve(_requests(offers))
    for offer in offers:
        _check_room(offer, results[offer.pk])
    if held - holding_room(ids):
        raise DomainError("The caps that it was under are others now. Nothing was changed.")
    for offer in offers:
        step(offer, OfferAction.UNDO, now)
    Offer.objects.bulk_update(offers, MOVED)


def _take_back(offer_ids: Sequence[int]) -> None:
    """Remove grants; raises DomainError when somebody outside was told of one."""
    if not offer_ids:
        return
    try:
        with transaction.atomic():
            Grant.objects.filter(offer_id__in=offer_ids).delete()
    except DatabaseError as error:
        if getattr(error.__cause__, "sqlstate", "") != TOLD_OUTSIDE:
            raise
        raise DomainError("Other systems were told of the grant meanwhile. Nothing was changed.") from error
    refund(*offer_ids)


def _requests(offers: Sequence[Offer]) -> list[ReserveRequest]:
    askers: dict[date, dict[int, Asker]] = {}
    for day in {_day(offer) for offer in offers}:
        askers[day] = askers_of({offer.account_id for offer in offers if _day(offer) == day}, day)
    return [
        ReserveRequest(
            offer_id=offer.pk,
            account_id=offer.account_id,
            campaign_id=offer.campaign_id,
            function=offer.campaign.owner_function,
            reward_kind=offer.reward.kind,
            amount=offer.discount_equivalent,
            day=_day(offer),
            reward_id=offer.reward_id,
            is_by_hand=offer.reward.delivery == Delivery.BY_HAND.value,
            tier=asker.tier,
            segment=asker.segment,
            term=asker.term,
        )
        for offer in offers
        for asker in [askers[_day(offer)][offer.account_id]]
    ]


def _day(offer: Offer) -> date:
    return offer.proposed_at.astimezone(UTC).date()


def _check_room(offer: Offer, result: CapResult) -> None:
    if not result.ok:
        raise DomainError(f"Its room went to others meanwhile. {result.reason} Nothing was changed.")
    if newly := set(_names(result.exceeded)) - set(_names(offer.exceeded_caps)):
        names = " and ".join(f"“{name}”" for name in sorted(newly))
        raise DomainError(f"Its room went to others meanwhile: it would pass {names} now. Nothing was changed.")


def _names(exceeded: str) -> list[str]:
    return [name for name in exceeded.split(", ") if name]
