"""Offers that ask one at a time go another way than many in one call: both must come to the same."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal
from functools import partial

import pytest
from django.db import transaction
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from rewards.caps import verbs
from rewards.caps.models import CapEntry, CapPeriod
from rewards.caps.rules import CapResult, ReserveRequest
from rewards.caps.verbs import release, reserve, spend
from rewards.offers.models import Offer
from tests.concurrency import at_once
from tests.factories import CapFactory
from tests.faults.clients import NOW, offers, request_for, shared_out

DAYS = (date(2026, 11, 22), date(2026, 12, 31), date(2027, 1, 1))
Reserve = Callable[[Sequence[ReserveRequest]], Mapping[int, CapResult]]


@dataclass(frozen=True)
class Set:
    """A cap, by whom it binds: the scope, and the key of the first account or campaign where one is needed."""

    scope: str
    period: str
    measure: str
    limit: Decimal
    is_hard: bool


@dataclass(frozen=True)
class Step:
    """One offer of six asks for an amount on a day, or its room is released or spent."""

    verb: str
    which: int
    amount: Decimal
    is_by_hand: bool
    day: date


caps = st.builds(
    Set,
    scope=st.sampled_from(["programme", "function", "tier", "campaign", "account"]),
    period=st.sampled_from(["month", "quarter", "year", "total"]),
    measure=st.sampled_from(["value", "occurrences"]),
    limit=st.integers(0, 60).map(Decimal),
    is_hard=st.booleans(),
)
steps = st.builds(
    Step,
    verb=st.sampled_from(["ask", "ask", "ask", "release", "spend"]),
    which=st.integers(0, 5),
    amount=st.decimals("0.00", "40.00", places=2),
    is_by_hand=st.booleans(),
    day=st.sampled_from(DAYS),
)


@pytest.mark.django_db
@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.lists(caps, max_size=5, unique_by=lambda c: (c.scope, c.period, c.measure)),
    st.lists(steps, min_size=1, max_size=12),
)
def test_one_at_a_time_comes_to_what_the_way_for_many_says(caps: list[Set], steps: list[Step]) -> None:
    with transaction.atomic():
        pile = offers(6, Decimal(1), accounts=2, campaigns=2)
        keys = {"programme": "", "function": "cs", "tier": "gold"}
        keys |= {"campaign": str(pile[0].campaign_id), "account": str(pile[0].account_id)}
        for number, cap in enumerate(caps):
            of = {"scope": cap.scope, "scope_key": keys[cap.scope], "period": cap.period, "measure": cap.measure}
            CapFactory(name=f"Cap {number}", limit=cap.limit, is_hard=cap.is_hard, **of)
        ways = [_undone(partial(_told, way, pile, steps)) for way in (reserve, verbs._reserve_many)]
        assert ways[0] == ways[1]
        transaction.set_rollback(True)


def _undone(work: Callable[[], object]) -> object:
    with transaction.atomic():
        told = work()
        transaction.set_rollback(True)
    return told


def _told(way: Reserve, pile: list[Offer], steps: list[Step]) -> object:
    """What each asking was told, and what stands afterwards."""
    told: list[CapResult] = []
    for step in steps:
        offer = pile[step.which]
        if step.verb == "ask":
            asked = replace(request_for(offer), amount=step.amount, is_by_hand=step.is_by_hand, day=step.day)
            told.append(way([replace(asked, tier="gold" if step.which % 2 else "")])[offer.pk])
        elif step.verb == "release":
            release(offer.pk)
        elif not CapEntry.objects.filter(offer=offer, kind="release").exists():
            spend(offer.pk)
    entries = CapEntry.objects.order_by("id").values_list(
        "period__cap__name", "period__starts_on", "offer_id", "kind", "turn", "amount"
    )
    periods = CapPeriod.objects.order_by("cap_id", "starts_on").values_list(
        "cap__name", "starts_on", "reserved", "spent"
    )
    return told, sorted(entries), list(periods)


@pytest.mark.django_db
def test_many_that_all_fit_are_entered_by_sets_and_the_next_ones_in_their_order() -> None:
    programme = CapFactory(name="Programme", limit=Decimal(50), period="year")
    guide = CapFactory(name="Guide", scope="function", scope_key="cs", limit=Decimal(36), is_hard=False, period="year")
    pile = offers(9, Decimal(7), accounts=2)
    fitting, over = pile[:5], pile[5:]
    assert reserve([request_for(o) for o in fitting]) == {o.pk: CapResult(ok=True) for o in fitting}
    results = reserve([request_for(o) for o in [*over, fitting[0]]])
    assert [(results[o.pk].ok, results[o.pk].exceeded) for o in over] == [
        *[(True, "Guide"), (True, "Guide"), (False, ""), (False, "")]
    ]
    assert results[fitting[0].pk] == CapResult(ok=True)
    reserved = dict(CapPeriod.objects.values_list("cap", "reserved"))
    assert reserved == {programme.pk: Decimal(49), guide.pk: Decimal(49)}
    assert CapEntry.objects.count() == 14


@pytest.mark.django_db(transaction=True)
def test_one_offer_that_asks_from_many_sides_at_once_takes_its_room_once() -> None:
    CapFactory(name="Programme", limit=Decimal(100), period="year")
    pile = offers(8, Decimal(7))
    CapFactory(
        name="Its account", scope="account", scope_key=str(pile[0].account_id), limit=Decimal(100), period="year"
    )
    reserve([request_for(pile[0])])
    for offer in pile[1:]:
        results = at_once([partial(reserve, [request_for(offer)])] * 6)
        assert [result[offer.pk] for result in results] == [CapResult(ok=True)] * 6
    assert set(CapPeriod.objects.values_list("reserved", flat=True)) == {Decimal(56)}
    assert CapEntry.objects.count() == 16


@pytest.mark.django_db(transaction=True)
def test_single_ones_and_sweeps_at_once_take_exactly_what_there_is() -> None:
    pile = offers(240, Decimal(7), accounts=4, campaigns=2)
    CapFactory(name="Programme", limit=Decimal(700), period="year")
    CapFactory(
        name="Campaign", scope="campaign", scope_key=str(pile[0].campaign_id), limit=Decimal(350), period="month"
    )
    for account in sorted({offer.account_id for offer in pile}):
        CapFactory(
            name=f"Account {account}", scope="account", scope_key=str(account), limit=Decimal(280), period="total"
        )

    def ask(some: list[Offer]) -> list[bool]:
        results = reserve([request_for(offer) for offer in some])
        return [results[offer.pk].ok for offer in some]

    batches = [[offer] for offer in pile[:120]] + [pile[start : start + 12] for start in range(120, 240, 12)]
    told = [ok for batch in shared_out(ask, batches, 16) for ok in batch]
    assert told.count(True) == 100
    assert CapEntry.objects.filter(period__cap__name="Programme").count() == 100
    for period in CapPeriod.objects.select_related("cap"):
        assert period.reserved == 7 * period.entries.count()
        assert period.reserved <= period.cap.limit
    assert CapPeriod.objects.get(cap__name="Programme", starts_on=date(NOW.year, 1, 1)).reserved == Decimal(700)
