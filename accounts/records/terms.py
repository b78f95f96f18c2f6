"""The dated history of one subscription.

Pure: no clock, no query. Days in UTC. A term holds from its day until the day
of the next one; the first holds from the start of the subscription, because
nothing earlier was told. On and after its `ends_on` a term is not active.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal


@dataclass(frozen=True)
class Terms:
    """What a subscription is worth, and until when, as its system of record told it; `mrr` per month in `currency`.

    Unknown is None or empty. `is_cancelling`: the customer has asked that it ends on `ends_on`.
    `is_paused`: it is kept and nothing is billed. `unpriced`: why the MRR is unknown (a word of Unpriced), if told.
    `discounts_of`: the customer of billing whose standing discounts come off `mrr`; "" for none.
    """

    plan: str = ""
    billing_frequency: str = ""
    seats: int | None = None
    mrr: Decimal | None = None
    unpriced: str = ""
    currency: str = "USD"
    is_trial: bool = False
    is_paused: bool = False
    renews_on: date | None = None
    ends_on: date | None = None
    is_cancelling: bool = False
    discounts_of: str = ""


@dataclass(frozen=True)
class History:
    """One subscription of one account from `starts_on` on: its terms by the day from which they hold."""

    account_id: int
    starts_on: date
    terms: Mapping[date, Terms] = field(default_factory=dict)

    def on(self, day: date) -> tuple[int, Terms] | None:
        """Whose it is and on which terms at the end of a day; None before it starts."""
        if day < self.starts_on or not self.terms:
            return None
        told = [from_day for from_day in self.terms if from_day <= day]
        return self.account_id, self.terms[max(told) if told else min(self.terms)]

    def steps(self) -> list[tuple[date, date | None, Terms]]:
        """Its life as [since, until) on the same terms, in order; the only step of a life of no day is kept."""
        days = sorted(self.terms)
        ends = [*days[1:], None]
        held: list[tuple[date, date | None, Terms]] = []
        for place, (day, following) in enumerate(zip(days, ends, strict=True)):
            terms = self.terms[day]
            since = max(day, self.starts_on) if place else self.starts_on
            until = min((end for end in (following, terms.ends_on) if end), default=None)
            if until is not None and until <= since and (held or place + 1 < len(days)):
                continue
            if held and held[-1][2] == terms and held[-1][1] == since:
                since = held.pop()[0]
            held.append((since, until, terms))
        return held
