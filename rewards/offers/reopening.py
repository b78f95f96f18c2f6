"""Taking rejections back, one or many: what the rejection gave back of supply and caps is taken again.

Locks go as they do where offers are proposed: supply, then offers, then caps.
"""

from collections import Counter
from collections.abc import Sequence
from datetime import UTC, date, datetime

from django.db import transaction

from loyalty.core.errors import DomainError
from rewards.caps.askers import Asker, askers_of
from rewards.caps.models import CapEntry
from rewards.caps.room import holding_room
from rewards.caps.rules import CapResult, ReserveRequest
from rewards.caps.verbs import reserve
from rewards.catalogue.rules import Delivery
from rewards.catalogue.supply import supply_left
from rewards.offers.models import Offer
from rewards.offers.rules import OfferAction
from rewards.offers.verbs import MOVED, step


def hold_supply(offer_ids: Sequence[int]) -> None:
    """Hold the supply of the rewards of offers that are to be reopened; called before their rows are locked."""
    supply_left(Offer.objects.filter(pk__in=offer_ids).values_list("reward_id", flat=True))


def reopen(offers: Sequence[Offer], *, now: datetime) -> dict[int, DomainError]:
    """Take rejections back: the offers are undecided again; returns why some stay rejected, by offer id.

    Each stands for itself, in the order given, and takes cap room of the day (UTC) on which it was proposed, as an
    offer always does. It stays rejected when there is no room any more, when it would pass a soft cap that it did not
    pass before, or when the caps are others meanwhile. The caller has called `hold_supply`, locked the rows, and sets
    whom they await.
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
    wanted, left = Counter(offer.reward_id for offer in offers), supply_left({offer.reward_id for offer in offers})
    for offer in offers:
        if wanted[offer.reward_id] > left.get(offer.reward_id, len(offers)):
            raise DomainError(f"The supply of “{offer.reward_name}” went to others meanwhile. Nothing was changed.")
    ids = [offer.pk for offer in offers]
    held = set(CapEntry.objects.filter(offer_id__in=ids).values_list("offer_id", flat=True))
    results = reserve(_requests(offers))
    for offer in offers:
        _check_room(offer, results[offer.pk])
    if held - holding_room(ids):
        raise DomainError("The caps that it was under are others now. Nothing was changed.")
    for offer in offers:
        step(offer, OfferAction.UNDO, now)
    Offer.objects.bulk_update(offers, MOVED)


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
