"""Periods, scopes, pace and words of caps: no database."""

from dataclasses import replace
from datetime import date
from decimal import Decimal

import pytest

from loyalty.core.periods import Period, month_of
from rewards.caps.rules import (
    CapMeasure,
    CapPeriodKind,
    CapScope,
    ReserveRequest,
    Use,
    change_in_words,
    gone_on,
    period_of,
    refusal,
    takes,
    targets,
)

K = CapPeriodKind
PERIODS = [
    (K.MONTH, date(2024, 2, 29), date(2024, 2, 1), date(2024, 3, 1)),
    (K.MONTH, date(2026, 12, 31), date(2026, 12, 1), date(2027, 1, 1)),
    (K.QUARTER, date(2026, 11, 22), date(2026, 10, 1), date(2027, 1, 1)),
    (K.QUARTER, date(2026, 3, 31), date(2026, 1, 1), date(2026, 4, 1)),
    (K.YEAR, date(2026, 1, 1), date(2026, 1, 1), date(2027, 1, 1)),
    (K.CONTRACT_TERM, date(2026, 11, 22), date(2026, 1, 1), date(2027, 1, 1)),
    (K.TOTAL, date(2026, 11, 22), date(1970, 1, 1), date(9999, 1, 1)),
]


@pytest.mark.parametrize(("kind", "day", "starts_on", "ends_on"), PERIODS)
def test_the_period_of_a_day(kind: CapPeriodKind, day: date, starts_on: date, ends_on: date) -> None:
    period = period_of(kind, day)
    assert (period.starts_on, period.ends_on) == (starts_on, ends_on)


def test_a_contract_term_is_that_of_the_contract() -> None:
    term = Period(date(2026, 3, 15), date(2027, 3, 15))
    assert period_of(K.CONTRACT_TERM, date(2026, 11, 22), term) == term
    assert period_of(K.MONTH, date(2026, 11, 22), term) == month_of(date(2026, 11, 22))


def test_every_kind_of_period_has_a_rule() -> None:
    assert {kind for kind, *_ in PERIODS} == set(CapPeriodKind)


def test_an_offer_is_bound_by_one_target_of_every_scope() -> None:
    asked = ReserveRequest(
        1, 20, 30, "cs", "service_credit", Decimal(7), date(2026, 11, 22), reward_id=40, tier="gold", segment="at_risk"
    )
    assert targets(asked) == {
        (CapScope.PROGRAMME, ""),
        (CapScope.FUNCTION, "cs"),
        (CapScope.REWARD_KIND, "service_credit"),
        (CapScope.REWARD, "40"),
        (CapScope.TIER, "gold"),
        (CapScope.SEGMENT, "at_risk"),
        (CapScope.CAMPAIGN, "30"),
        (CapScope.ACCOUNT, "20"),
    }
    assert {scope for scope, _ in targets(asked)} == set(CapScope)


def use(limit: str, reserved: str = "0", spent: str = "0") -> Use:
    return Use(Decimal(limit), Decimal(reserved), Decimal(spent))


@pytest.mark.parametrize(
    ("taken", "room", "over", "alert"),
    [
        (use("1000"), "1000", "0", 0),
        (use("1000", "499.99"), "500.01", "0", 0),
        (use("1000", "100", "400"), "500", "0", 50),
        (use("1000", "0", "799.99"), "200.01", "0", 50),
        (use("1000", "800"), "200", "0", 80),
        (use("1000", "0", "1000"), "0", "0", 100),
        (use("1000", "300", "900"), "0", "200", 100),
        (use("0"), "0", "0", 100),
    ],
)
def test_room_excess_and_alert(taken: Use, room: str, over: str, alert: int) -> None:
    assert (taken.room, taken.over, taken.alert) == (Decimal(room), Decimal(over), alert)


START, END = date(2026, 11, 1), date(2026, 12, 1)
PACES = [
    ("nothing used", use("1000"), date(2026, 11, 10), None),
    ("full", use("100", "100"), date(2026, 11, 10), date(2026, 11, 10)),
    ("half in ten days: ten more", use("1000", "500"), date(2026, 11, 10), date(2026, 11, 20)),
    ("a part of a day counts as a day", use("1001", "500"), date(2026, 11, 10), date(2026, 11, 21)),
    ("a tenth in ten days: not within the period", use("1000", "100"), date(2026, 11, 10), None),
    ("on the last day", use("1000", "500"), date(2026, 11, 15), date(2026, 11, 30)),
    ("on the first day of the next", use("1000", "484"), date(2026, 11, 15), None),
    ("hardly anything: centuries", use("999999999999", "0.01"), date(2026, 11, 30), None),
]


@pytest.mark.parametrize(("taken", "today", "expected"), [p[1:] for p in PACES], ids=[p[0] for p in PACES])
def test_the_day_on_which_a_cap_is_gone(taken: Use, today: date, expected: date | None) -> None:
    assert gone_on(taken, START, today, END) == expected


def test_a_refusal_says_which_cap_how_much_is_left_and_until_when() -> None:
    assert refusal("Programme", CapMeasure.VALUE, Decimal(1000), Decimal(6), Decimal(7), END) == (
        "The cap “Programme” has $6.00 left of $1,000.00 until 1 Dec 2026; this needs $7.00."
    )
    assert refusal("All", CapMeasure.VALUE, Decimal(1000), Decimal("-3"), Decimal(7), date(9999, 1, 1)) == (
        "The cap “All” has no room left of $1,000.00; this needs $7.00."
    )


def said(taken: Use, is_hard: bool = True, was_hard: bool = True, is_active: bool = True) -> list[str]:
    return change_in_words(taken, until=END, is_hard=is_hard, was_hard=was_hard, is_active=is_active)


def test_a_change_says_what_it_does_to_what_is_committed() -> None:
    lowered = use("2000", "1200", "2000")
    assert said(lowered) == ["$3,200.00 is committed of the new $2,000.00: new offers stop until 1 Dec 2026."]
    assert said(lowered, is_hard=False) == [
        "$3,200.00 is committed of the new $2,000.00: each new offer asks Finance until 1 Dec 2026.",
        "Offers above the limit will wait for Finance instead of being refused.",
    ]
    assert said(use("5000", "1200", "2000"), was_hard=False) == [
        "$3,200.00 is committed of the new $5,000.00: $1,800.00 is left until 1 Dec 2026.",
        "Offers above the limit will be refused instead of waiting for Finance.",
    ]
    assert said(lowered, is_active=False) == ["This cap no longer limits anything; $3,200.00 is committed under it."]


def test_occurrences_are_counted_and_said_as_such() -> None:
    by_hand = ReserveRequest(1, 2, 3, "cs", "office_hours", Decimal(250), START, reward_id=4, is_by_hand=True)
    assert (takes(CapMeasure.VALUE, by_hand), takes(CapMeasure.OCCURRENCES, by_hand)) == (Decimal(250), Decimal(1))
    automatic = replace(by_hand, is_by_hand=False)
    assert (takes(CapMeasure.VALUE, automatic), takes(CapMeasure.OCCURRENCES, automatic)) == (Decimal(250), None)
    assert refusal("Workshops", CapMeasure.OCCURRENCES, Decimal(10), Decimal(0), Decimal(250), END) == (
        "The cap “Workshops” has no room left of 10 occurrences until 1 Dec 2026; this needs 1 occurrence."
    )
    lowered = Use(Decimal(2), Decimal(3), Decimal(1), CapMeasure.OCCURRENCES)
    assert said(lowered) == ["4 occurrences are committed of the new 2 occurrences: new offers stop until 1 Dec 2026."]
    raised = replace(lowered, limit=Decimal(5))
    assert said(raised) == [
        "4 occurrences are committed of the new 5 occurrences: 1 occurrence is left until 1 Dec 2026."
    ]
