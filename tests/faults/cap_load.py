"""Fault rows 11 and 12: caps under many clients at once."""

import random
from collections import Counter
from collections.abc import Collection
from dataclasses import dataclass
from decimal import Decimal

from django.db import connection, transaction

from rewards.caps.models import Cap, CapPeriod
from rewards.caps.verbs import refund, release, reserve, spend
from rewards.catalogue.models import Reward
from rewards.catalogue.rules import Delivery
from rewards.offers.models import Offer
from tests.factories import CapFactory
from tests.faults.clients import offers, request_for, shared_out

SEVEN = Decimal("7.00")


@dataclass(frozen=True)
class Rush:
    """What became of many grants of $7 at once under one cap."""

    granted: int
    refused_by_cap: int
    other: int
    reserved: Decimal
    spent: Decimal


def rush(limit: Decimal, clients: int, count: int, measure: str = "value") -> Rush:
    """Row 11: `count` grants of $7, all at once, against one hard cap; people deliver what occurrences count."""
    CapFactory(name="Programme", limit=limit, is_hard=True, period="year", measure=measure)
    pile = offers(count, SEVEN, accounts=10)
    if measure == "occurrences":
        _deliver_by_hand(pile, {offer.reward_id for offer in pile})
    told = shared_out(_grant, pile, clients)
    period = CapPeriod.objects.get(cap__name="Programme")
    kinds = Counter("cap" if "The cap “Programme” has" in words else words for words in told)
    return Rush(
        granted=kinds.pop("granted", 0),
        refused_by_cap=kinds.pop("cap", 0),
        other=kinds.total(),
        reserved=period.reserved,
        spent=period.spent,
    )


def _grant(offer: Offer) -> str:
    with transaction.atomic():
        result = reserve([request_for(offer)])[offer.pk]
    if not result.ok:
        return result.reason
    with transaction.atomic():
        spend(offer.pk)
    return "granted"


@dataclass(frozen=True)
class Nest:
    """What the log of nested caps says after random grants with refunds between."""

    granted: int
    refused: int
    highest_over: Decimal
    counters_off: int
    refused_with_room: int


def nest(clients: int, count: int, seed: int = 11) -> Nest:
    """Row 12: random grants under seven overlapping hard caps, two of them counts; a third given back, all twice."""
    pile = offers(count, Decimal(1), accounts=20, campaigns=4)
    chance = random.Random(seed)
    for offer in pile:
        offer.discount_equivalent = Decimal(chance.randint(1, 4000)) / 100
    average = Decimal(20)
    _set_caps(pile, average * count)
    fates = {offer.pk: chance.choice(["keep", "keep", "release", "refund"]) for offer in pile}
    results = shared_out(lambda offer: _live(offer, fates[offer.pk]), pile, clients)
    refused_again = sum(_would_fit(offer) for offer, admitted in _paired(pile, results, clients) if not admitted)
    return Nest(
        granted=sum(results),
        refused=len(results) - sum(results),
        highest_over=_highest_over(),
        counters_off=_counters_off(),
        refused_with_room=refused_again,
    )


def _set_caps(pile: list[Offer], asked: Decimal) -> None:
    """Caps that all bind sooner or later: the whole, the function, a kind, one campaign, one account."""
    first = pile[0]
    for name, scope, key, period, share in (
        ("Programme", "programme", "", "year", "0.40"),
        ("CS", "function", "cs", "quarter", "0.38"),
        ("Credits", "reward_kind", first.reward.kind, "total", "0.39"),
        ("One campaign", "campaign", str(first.campaign_id), "month", "0.08"),
        ("One account", "account", str(first.account_id), "total", "0.01"),
    ):
        limit = (asked * Decimal(share)).quantize(Decimal("0.01"))
        CapFactory(name=name, scope=scope, scope_key=key, period=period, limit=limit, is_hard=True)
    # Two campaigns give what people deliver: of one of these rewards, and of all, only so many.
    given = sorted({offer.reward_id for offer in pile})[:2]
    _deliver_by_hand(pile, given)
    for name, scope, key, share in (("Sessions", "reward", str(given[0]), 30), ("All work", "programme", "", 15)):
        limit = Decimal(len(pile) // share)
        CapFactory(name=name, scope=scope, scope_key=key, period="quarter", measure="occurrences", limit=limit)


def _deliver_by_hand(pile: list[Offer], rewards: Collection[int]) -> None:
    Reward.objects.filter(pk__in=rewards).update(delivery=Delivery.BY_HAND.value)
    for offer in pile:
        if offer.reward_id in rewards:
            offer.reward.delivery = Delivery.BY_HAND.value


def _live(offer: Offer, fate: str) -> bool:
    """Take an offer through its life, saying everything twice as a retry would."""
    if not reserve([request_for(offer)])[offer.pk].ok:
        return False
    if fate == "release":
        release(offer.pk)
        release(offer.pk)
        return True
    spend(offer.pk)
    spend(offer.pk)
    if fate == "refund":
        refund(offer.pk)
        refund(offer.pk)
    return True


def _paired(pile: list[Offer], results: list[bool], clients: int) -> list[tuple[Offer, bool]]:
    order = [offer for number in range(clients) for offer in pile[number::clients]]
    return list(zip(order, results, strict=True))


def _would_fit(offer: Offer) -> bool:
    """Whether a refusal, asked again now that all is quiet, contradicts the room that the caps show."""
    with transaction.atomic():
        has_room = all(
            p.reserved + p.spent + taken <= p.cap.limit
            for p in CapPeriod.objects.select_related("cap")
            if _binds(p.cap, offer) and (taken := _taken(p.cap, offer)) is not None
        )
        differs = reserve([request_for(offer)])[offer.pk].ok is not has_room
        transaction.set_rollback(True)
    return differs


def _binds(cap: Cap, offer: Offer) -> bool:
    keys = {"programme": "", "reward": str(offer.reward_id), "function": "cs", "reward_kind": offer.reward.kind}
    keys |= {"campaign": str(offer.campaign_id), "account": str(offer.account_id)}
    return keys[cap.scope] == cap.scope_key


def _taken(cap: Cap, offer: Offer) -> Decimal | None:
    if cap.measure == "value":
        return offer.discount_equivalent
    return Decimal(1) if offer.reward.delivery == Delivery.BY_HAND.value else None


def _highest_over() -> Decimal:
    """By how much any prefix of any cap's log passes its limit; zero or less is right."""
    with connection.cursor() as cursor:
        cursor.execute(
            """
            SELECT max(running."over") FROM (
                SELECT sum(CASE entry.kind WHEN 'reserve' THEN entry.amount
                                           WHEN 'release' THEN -entry.amount ELSE 0 END)
                       OVER (PARTITION BY entry.period_id ORDER BY entry.id) - cap."limit" AS "over"
                FROM rewards_capentry AS entry
                JOIN rewards_capperiod AS period ON period.id = entry.period_id
                JOIN rewards_cap AS cap ON cap.id = period.cap_id) AS running
            """
        )
        return Decimal(cursor.fetchone()[0])


def _counters_off() -> int:
    """How many cap periods do not equal the sum of their entries."""
    with connection.cursor() as cursor:
        cursor.execute(
            """
            SELECT count(*) FROM rewards_capperiod AS period WHERE (period.reserved + period.spent, period.spent) <> (
                SELECT coalesce(sum(CASE kind WHEN 'reserve' THEN amount WHEN 'release' THEN -amount END), 0),
                       coalesce(sum(amount) FILTER (WHERE kind = 'spend'), 0) - coalesce(sum(amount) FILTER (
                           WHERE kind = 'release' AND EXISTS (
                               SELECT FROM rewards_capentry AS used WHERE used.period_id = entry.period_id
                               AND used.offer_id = entry.offer_id AND used.turn = entry.turn
                               AND used.kind = 'spend')), 0)
                FROM rewards_capentry AS entry WHERE entry.period_id = period.id)
            """
        )
        return int(cursor.fetchone()[0])
