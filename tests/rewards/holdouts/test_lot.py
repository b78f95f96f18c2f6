"""The lot is reproducible, even, and the same in SQL and in Python."""

import pytest
from django.db import connection

from rewards.holdouts.rules import is_held_out, lot, lot_in_sql


def test_the_same_seed_draws_the_same_lot() -> None:
    assert lot("spring", "acct-1") == lot("spring", "acct-1")
    assert lot("spring", "acct-1") != lot("summer", "acct-1")


def test_lots_are_even() -> None:
    held = sum(is_held_out("spring", f"acct-{n}", 20) for n in range(10_000))
    # Four standard deviations of a binomial of 10,000 at 20 %.
    assert abs(held - 2000) < 160


def test_nobody_and_half() -> None:
    accounts = [f"acct-{n}" for n in range(1000)]
    assert not any(is_held_out("s", a, 0) for a in accounts)
    smaller = {a for a in accounts if is_held_out("s", a, 10)}
    assert smaller < {a for a in accounts if is_held_out("s", a, 50)}


@pytest.mark.django_db
@pytest.mark.parametrize("account", ["acct-1", "Grüße, Ω", "", "a\nb"])
def test_sql_draws_the_same(account: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute(
            f"SELECT {lot_in_sql('seed', 'account')} FROM (SELECT %s AS seed, %s AS account) AS a", ["s", account]
        )
        assert cursor.fetchone()[0] == lot("s", account)
