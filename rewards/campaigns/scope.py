"""Which accounts an evaluation is about: a range of ids, or those whose facts moved."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

# Two workers never evaluate one account at once: each holds the buckets of its accounts, in order, so
# that what one has found is seen by the other. Of the two-argument advisory locks: 7204, then the bucket.
LOCK_OF_BUCKETS = 7204
BUCKET = 500
ACCOUNTS_A_RANGE = 20 * BUCKET

# A run of true days that began within so many days fires; late data reaches as far back.
FIRES_WITHIN_DAYS = 7
# A dated fact, or a step of a ladder, waits so long for what keeps its campaign from proposing.
WAITS_UP_TO = timedelta(days=30)


@dataclass(frozen=True)
class Scope:
    """Accounts of one transaction: the ids from `first` to `last`, or `ids`. `day` (UTC) is the day of the facts.

    `missed` are the days before it on which nothing was evaluated.
    """

    day: date
    now: datetime
    first: int = 0
    last: int = 0
    ids: Sequence[int] | None = None
    missed: int = 0

    def holds(self, column: str) -> str:
        """SQL: whether the account in a column is one of them."""
        if self.ids is not None:
            return f"{column} = ANY (%(accounts)s::bigint[])"
        return f"{column} BETWEEN %(first)s AND %(last)s"

    @property
    def window(self) -> int:
        """How many days before the day are looked at for where a run began."""
        return FIRES_WITHIN_DAYS + self.missed

    @property
    def params(self) -> Mapping[str, Any]:
        return {
            "day": self.day,
            "now": self.now,
            "waits_from": self.now - WAITS_UP_TO,
            "accounts": list(self.ids) if self.ids is not None else None,
            "first": self.first,
            "last": self.last,
        }

    @property
    def buckets(self) -> list[int]:
        """The buckets of the accounts, in the order in which they are locked."""
        if self.ids is not None:
            return sorted({account // BUCKET for account in self.ids})
        return list(range(self.first // BUCKET, self.last // BUCKET + 1))
