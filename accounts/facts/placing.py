"""What the rooms share that place accounts on each day by their facts: segments and tiers."""

from collections.abc import Callable, Mapping
from datetime import date

from django.db import transaction

from accounts.facts.verbs import lock_accounts, ranges_of_accounts

Place = Callable[[Mapping[int, date], date], int]

_TO_LOOK_AT = """
SELECT account_id FROM unnest(%(accounts)s::bigint[], %(first_days)s::date[]) AS t(account_id, first_day)
WHERE account_id = ANY (%(written)s::bigint[]) OR EXISTS (
    SELECT FROM {moves} m
    WHERE m.account_id = t.account_id AND m.day >= t.first_day AND m.day <= %(last_day)s::date + 1
      AND m.withdrawn_at IS NULL)
ORDER BY account_id
"""


def to_look_at(moves: str) -> str:
    """The statement for the accounts whose rows were written, and those with moves that new facts may correct.

    `moves` is the table of moves; parameters: those of `side_by_side`, `last_day` and `written` (ids of accounts).
    """
    return _TO_LOOK_AT.format(moves=moves)


def side_by_side(first_days: Mapping[int, date]) -> dict[str, list[int] | list[date]]:
    """Accounts and the first day of each (UTC), as two arrays for a statement."""
    return {"accounts": list(first_days), "first_days": list(first_days.values())}


def place_in_ranges(place: Place, first_day: date, last_day: date) -> int:
    """Place all accounts on the days [first_day, last_day] (UTC); returns how many moves that wrote or corrected.

    Accounts are taken in ranges, each a transaction of its own; harmless to repeat.
    """
    total = 0
    for ids in ranges_of_accounts(None):
        with transaction.atomic():
            total += place(dict.fromkeys(lock_accounts(ids), first_day), last_day)
    return total
