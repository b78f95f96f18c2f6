"""Who holds which tier on which day: up at once, down after the grace period or at renewal, whatever the order."""

import random
from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from django.db import connection
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.django import TestCase

from accounts.facts.models import AccountFacts
from accounts.records.models import Account
from accounts.tiers.falling import falling
from accounts.tiers.following import place, place_all
from accounts.tiers.models import TierMove, TierScheme, TierSchemeVersion
from accounts.tiers.rules import SHIPPED, clean_values, scheme_of
from accounts.tiers.verbs import ensure_shipped
from tests.factories import AccountFactory

FIRST = date(2026, 8, 1)
SINCE = datetime(2025, 1, 1, tzinfo=UTC)


def day(n: int) -> date:
    return FIRST + timedelta(days=n)


def scheme(**edit: Any) -> TierScheme:
    kept = ensure_shipped(effective_at=SINCE)
    kept.values = clean_values(kept.values, {"grace_days": 5, **edit})
    kept.save()
    TierSchemeVersion.objects.update(values=kept.values)
    return kept


def seats(account: Account, values: Sequence[int | None], *, renews: date | None = None, start: int = 0) -> None:
    """Facts of consecutive days from day `start`: seats active, and the coming renewal."""
    rows = [
        (day(start + n), account.pk, value, renews if renews and renews >= day(start + n) else None)
        for n, value in enumerate(values)
    ]
    with connection.cursor() as cursor:
        cursor.execute("SELECT ensure_facts_partitions(%s, %s)", [day(start), day(start + len(values))])
        cursor.executemany(
            "INSERT INTO accounts_accountfacts (day, account_id, seats_active, renews_on, days_since_sign_up)"
            " VALUES (%s, %s, %s, %s, 500) ON CONFLICT (day, account_id) DO UPDATE SET"
            " seats_active = excluded.seats_active, renews_on = excluded.renews_on",
            rows,
        )


def held(account: Account) -> list[str]:
    rows = AccountFacts.objects.filter(account=account).order_by("day").values_list("tier", flat=True)
    return [(tier or "-")[0] for tier in rows]


def moves(account: Account) -> list[tuple[date, str, str, str, bool]]:
    rows = TierMove.objects.filter(account=account, withdrawn_at=None).order_by("day")
    return [
        (m.day, m.from_tier.key if m.from_tier else "", m.tier.key if m.tier else "", m.cause, m.fires)
        for m in rows.select_related("tier", "from_tier")
    ]


# Seats by day → the tier held (first letters), with a grace period of 5 days.
GRACE = [
    ([10, 30, 120], "sgp"),
    ([120, 30, 30, 30, 30, 30, 30], "pppppgg"),
    ([120, 30, 30, 30, 120, 30, 30, 30, 30, 30], "pppppppppg"),
    ([120, 10, 10, 30, 10, 10, 10, 10, 10], "pppppgggs"),
    ([30, 0, 0, 0, 0, 0], "ggggg-"),
    ([None, 30, None, None, None, None, None], "-ggggg-"),
    ([0, 1, 26], "-sg"),
]  # fmt: skip


@pytest.mark.django_db
@pytest.mark.parametrize(("values", "expected"), GRACE)
@pytest.mark.parametrize("by_day", [True, False])
def test_up_at_once_and_down_after_the_grace_period(values: list[int | None], expected: str, by_day: bool) -> None:
    scheme()
    account = AccountFactory()
    seats(account, values)
    last = day(len(values) - 1)

    if by_day:
        for n in range(len(values)):
            place({account.pk: day(n)}, day(n))
    else:
        place({account.pk: FIRST}, last)

    assert "".join(held(account)) == expected
    assert place({account.pk: FIRST}, last) == 0


RENEWAL = [
    ([120, 30, 30, 30, 30], 3, "pppgg"),
    ([120, 30, 130, 30, 30], 3, "pppgg"),
    ([120, 30, 30], None, "ppp"),
    ([30, 120, 120, 120, 30], 2, "gpppp"),
]


@pytest.mark.django_db
@pytest.mark.parametrize(("values", "renews_in", "expected"), RENEWAL)
@pytest.mark.parametrize("by_day", [True, False])
def test_down_at_renewal(values: list[int | None], renews_in: int | None, expected: str, by_day: bool) -> None:
    scheme(policy="renewal")
    account = AccountFactory()
    seats(account, values, renews=day(renews_in) if renews_in is not None else None)
    for n in range(len(values)) if by_day else [len(values) - 1]:
        place({account.pk: day(n) if by_day else FIRST}, day(n))

    assert "".join(held(account)) == expected


# Days with facts, each with the renewal that it tells → the tier held. Gold is earned on the first day alone.
MOVED: list[tuple[str, dict[int, int], str]] = [
    ("billing moved it away in time", {**dict.fromkeys(range(5), 8), **dict.fromkeys(range(5, 12), 99)}, "g" * 12),
    ("told anew on its very day", {**dict.fromkeys(range(8), 8), **dict.fromkeys(range(8, 12), 99)}, "ggggggggssss"),
    ("moved away and back", {0: 8, 1: 99, 2: 99, 7: 8, 8: 99, 9: 99}, "ggggss"),
    ("moved to an earlier day", {0: 8, 1: 3, 2: 3, 3: 99, 9: 99}, "gggss"),
    ("no facts about then", {0: 8, 4: 8, 11: 99}, "ggs"),
]


@pytest.mark.django_db
@pytest.mark.parametrize(("told", "expected"), [case[1:] for case in MOVED], ids=[case[0] for case in MOVED])
@pytest.mark.parametrize("by_day", [True, False])
def test_only_a_renewal_that_came_due_lets_it_fall(told: dict[int, int], expected: str, by_day: bool) -> None:
    scheme(policy="renewal")
    account = AccountFactory()
    for n, renews in told.items():
        seats(account, [5 if n else 30], renews=day(renews), start=n)
    for n in told if by_day else [max(told)]:
        place({account.pk: day(n) if by_day else FIRST}, day(n))

    assert "".join(held(account)) == expected


@pytest.mark.django_db
def test_who_moves_is_kept_with_its_cause_and_only_a_recent_rise_of_its_own_fires() -> None:
    scheme()
    account = AccountFactory()
    seats(account, [30, 30, 120, 30, 30, 30, 30, 30])

    place_all(FIRST, day(7))

    assert moves(account) == [
        (day(0), "", "gold", "start", False),
        (day(2), "gold", "platinum", "facts", True),
        (day(7), "platinum", "gold", "facts", False),
    ]
    assert [m.metric for m in TierMove.objects.filter(account=account).order_by("day")] == [30, 120, 30]


@pytest.mark.django_db
def test_late_data_moves_a_rise_to_its_day_and_never_fires_it_again() -> None:
    scheme()
    account = AccountFactory()
    seats(account, [30, 30, 30, 120])
    place_all(FIRST, day(3))
    (rise,) = TierMove.objects.filter(tier__key="platinum")
    assert rise.fires

    seats(account, [30, 120, 120, 120])
    place({account.pk: FIRST}, day(3))
    seats(account, [30, 30, 30, 30])
    place({account.pk: FIRST}, day(3))
    assert [m[2] for m in moves(account)] == ["gold"]
    seats(account, [30, 30, 120, 120])
    place({account.pk: FIRST}, day(3))

    (again,) = TierMove.objects.filter(tier__key="platinum")
    assert (again.pk, again.day, again.fires, again.withdrawn_at) == (rise.pk, day(2), True, None)


@pytest.mark.django_db
def test_a_rise_of_long_ago_does_not_fire() -> None:
    scheme()
    account = AccountFactory()
    seats(account, [30] + [120] * 10)

    place_all(FIRST, day(10))

    assert moves(account)[1] == (day(1), "gold", "platinum", "facts", False)


@pytest.mark.django_db
def test_another_scheme_lifts_at_once_lets_fall_after_grace_and_fires_nothing() -> None:
    kept = scheme()
    low, high = AccountFactory(), AccountFactory()
    seats(low, [20] * 8)
    seats(high, [110] * 8)
    place_all(FIRST, day(1))
    tiers = [
        {"key": "silver", "name": "Silver", "minimum": "1"},
        {"key": "gold", "name": "Gold", "minimum": "15"},
        {"key": "platinum", "name": "Platinum", "minimum": "150"},
    ]
    values = clean_values(kept.values, {"tiers": tiers})
    effective = datetime.combine(day(2), datetime.min.time(), tzinfo=UTC)
    TierSchemeVersion.objects.create(version=2, values=values, effective_at=effective)

    for n in range(2, 8):
        place_all(day(n))

    assert "".join(held(low)) == "ssgggggg"
    assert "".join(held(high)) == "ppppppgg"
    assert moves(low)[1] == (day(2), "silver", "gold", "rule", False)


@pytest.mark.django_db
def test_who_is_about_to_fall_and_when() -> None:
    kept = scheme()
    steady, falls = AccountFactory(name="Steady"), AccountFactory(name="Falls")
    seats(steady, [120, 120, 120])
    seats(falls, [120, 90, 90])
    place_all(FIRST, day(2))

    (told,) = falling(kept.scheme, day=day(2))

    assert (told.name, told.tier, told.earned, told.metric, told.missing) == ("Falls", "Platinum", "Gold", 90, 11)
    assert (told.last_earned_on, told.falls_on) == (day(0), day(5))
    seats(falls, [90, 90, 90], start=3)
    place_all(day(3), day(5))
    assert held(falls)[5] == "g"


class AnyOrder(TestCase):
    @settings(max_examples=25, deadline=None)
    @given(
        st.lists(st.sampled_from([None, 0, 10, 25, 26, 100, 101]), min_size=3, max_size=14),
        st.randoms(use_true_random=False),
    )
    def test_any_order_of_telling_gives_the_tiers_of_one_run(
        self, values: list[int | None], chance: random.Random
    ) -> None:
        kept = scheme()
        told, once = AccountFactory(), AccountFactory()
        seats(told, [None] * len(values))
        last = day(len(values) - 1)
        order = list(range(len(values)))
        chance.shuffle(order)
        for n in order:
            seats(told, [values[n]], start=n)
            place({told.pk: day(n)}, last)
        seats(once, values)
        place({once.pk: FIRST}, last)

        assert held(told) == held(once)
        in_order = [_model(scheme_of(kept.values), values[: n + 1]) for n in range(len(values))]
        assert held(once) == [(tier or "-")[0] for tier in in_order]
        assert [m[:4] for m in moves(told)] == [m[:4] for m in moves(once)]


def _model(rules: Any, values: list[int | None]) -> str:
    """The definition, by hand: the highest tier earned within the grace period."""
    earned = [rules.earned(value) for value in values[-5:]]
    return max((key for key in earned if key), key=rules.rank, default="")


def test_the_shipped_values_are_clean() -> None:
    assert clean_values(SHIPPED, {}) == SHIPPED


@pytest.mark.django_db
def test_before_there_is_a_scheme_nobody_holds_a_tier() -> None:
    account = AccountFactory()
    seats(account, [30, 40])
    place({account.pk: day(0)}, day(1))
    assert TierMove.objects.count() == 0
    assert set(AccountFacts.objects.values_list("tier", flat=True)) == {None}
