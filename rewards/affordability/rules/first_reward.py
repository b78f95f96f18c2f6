"""How long a typical account waits for its first reward. Pure.

The clock of an account begins when it signs up, or with the first reward of the programme if that is later.
Typical is the median by Kaplan and Meier, so accounts that still wait count for as long as they have waited.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

from rewards.breakage.rules.survival import Seen, kaplan_meier

HALF = Decimal("0.5")


@dataclass(frozen=True)
class Waiting:
    """`accounts` were followed, of which `served` had a reward; `median` months until it, None while not reached.

    `followed`: the most months that any account was followed. Months that have begun count for a reward, only
    full ones for whoever still waits.
    """

    accounts: int
    served: int
    median: int | None
    followed: int

    def status(self, limit: int) -> str:
        """Whether half of the accounts had a reward within `limit` months: met, not_met, or unknown yet."""
        if self.median is not None:
            return "met" if self.median <= limit else "not_met"
        return "not_met" if self.accounts and self.followed > limit else "unknown"


def waiting_of(seen: Sequence[Seen]) -> Waiting:
    """What the accounts say; the weight of each is how many they are, its time is in months."""
    steps = kaplan_meier(seen)
    return Waiting(
        accounts=int(sum(one.weight for one in seen)),
        served=int(sum(one.weight for one in seen if one.is_event)),
        median=next((step.time for step in steps if step.survival <= HALF), None),
        followed=max((one.time for one in seen), default=0),
    )
