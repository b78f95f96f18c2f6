"""The impact of a campaign's terms: whom they add and drop now, and what they would have cost over last year."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from django.conf import settings

from accounts.conditions.moves import accounts_text, names_text
from accounts.conditions.queries import SAMPLE, Moved, moved, vocabulary
from accounts.conditions.rules.reading import BadRule
from accounts.conditions.rules.tree import All
from accounts.conditions.rules.vocabulary import Vocabulary
from accounts.facts.queries import latest_day
from accounts.records.models import Account
from accounts.segments.inforce import NOBODY
from loyalty.core.money import money
from rewards.campaigns.lastyear import MEASURED_DAYS, Draft, YearCause, causes_of_last_year, draft_of
from rewards.campaigns.rules.spacing import spaced

MEASURED_FIELDS = ("trigger", "audience", "cooldown_days", "ladder")
# More accounts than these are not looked at one and all over a whole year while somebody waits.
MOST_ACCOUNTS = 10_000
BOUND = (
    "That is the most it could have been: the first step of the ladder alone, before contract fit, holdout, limits"
    " and caps, had every offer been approved."
)


@dataclass(frozen=True)
class Year:
    """The offers that terms would have made over MEASURED_DAYS days, and their discount-equivalent."""

    offers: int
    worth: Decimal


@dataclass(frozen=True)
class Measured:
    """Terms measured; `before` is None for a new campaign. `stride`: every so many accounts were looked at."""

    moved: Moved
    is_dated: bool
    before: Year | None
    after: Year
    stride: int

    def sentences(self) -> list[str]:
        """The impact for whoever decides it."""
        if self.moved.day is None:
            return ["No facts have been worked out yet, so nobody can be counted."]
        return [*self._now(), self._last_year(), *self._reservations()]

    def _now(self) -> list[str]:
        m = self.moved
        if self.before is None:
            names = f": {names_text(m.entering, m.enters)}" if m.enters else ""
            return [f"{self._concerned(m.after)}{names}."]
        if not m.enters and not m.leaves:
            return [f"It adds and drops nobody: {self._concerned(m.after, within=True)}, as before."]
        told = [f"{self._concerned(m.after)}, instead of {m.before:,}."]
        if m.enters:
            told.append(f"It adds {accounts_text(m.enters)}: {names_text(m.entering, m.enters)}.")
        if m.leaves:
            told.append(f"It drops {accounts_text(m.leaves)}: {names_text(m.leaving, m.leaves)}.")
        return told

    def _concerned(self, count: int, *, within: bool = False) -> str:
        if not self.is_dated:
            return f"{'its' if within else 'Its'} condition holds now for {accounts_text(count)} of its audience"
        verb = "is" if count == 1 else "are"
        return f"{accounts_text(count)} set it off in the last {MEASURED_DAYS} days and {verb} of its audience now"

    def _last_year(self) -> str:
        now = f"Over the last {MEASURED_DAYS} days it would have made {_offers(self.after)}"
        if self.before is None:
            return f"{now}."
        difference = self.after.worth - self.before.worth
        if not difference:
            return f"{now} instead of {_offers(self.before)}: it would have cost the same."
        how = "more" if difference > 0 else "less"
        worth = money(abs(difference), settings.REPORTING_CURRENCY)
        return f"{now} instead of {_offers(self.before)}: {worth} {how}."

    def _reservations(self) -> list[str]:
        if self.stride == 1:
            return [BOUND]
        return [BOUND, f"The year is reckoned from one account of every {self.stride:,}."]


def measure(before: Mapping[str, Any] | None, after: Mapping[str, Any]) -> Measured:
    """Measure complete, valid terms against those of now, or those of a new campaign. Raises BadRule."""
    words, day = vocabulary(), latest_day()
    drafts = [draft_of(values, words) for values in (before, after) if values is not None]
    stride = -(-Account.objects.count() // MOST_ACCOUNTS) or 1
    is_dated = drafts[-1].condition is None
    if day is None:
        nothing = Year(0, Decimal(0))
        return Measured(Moved(None, 0, 0, 0, 0, [], []), is_dated, nothing if before is not None else None, nothing, 1)
    causes = causes_of_last_year(drafts, words, day, stride)
    stride = 1 if is_dated else stride
    years = [_year(draft, found, stride) for draft, found in zip(drafts, causes, strict=True)]
    now = _those_who_did(causes, before is None) if is_dated else _those_it_holds_for(drafts, words)
    return Measured(now, is_dated, years[0] if before is not None else None, years[-1], stride)


def impact_in_words(before: Mapping[str, Any] | None, after: Mapping[str, Any]) -> list[str]:
    """The sentences of `measure`; one alone when nothing that is measured changes."""
    if before is not None and all(before[field] == after[field] for field in MEASURED_FIELDS):
        return ["It fires for the same accounts as now, and offers the same."]
    try:
        return measure(before, after).sentences()
    except BadRule:
        # The terms of now speak of what is gone; those that shall take their place were read before they came here.
        gone = "The terms of now can no longer be read, so the new ones are measured by themselves."
        return [gone, *measure(None, after).sentences()]


def _year(draft: Draft, causes: Sequence[YearCause], stride: int) -> Year:
    # What a reward is worth to an account whose money is not known cannot be told, so it is not offered.
    offered = [cause for cause in causes if cause.was_of_audience and cause.value is not None]
    fired = spaced(offered, draft.cooldown_days)
    return Year(len(fired) * stride, sum((cause.value or Decimal(0) for cause in fired), Decimal(0)) * stride)


def _those_it_holds_for(drafts: Sequence[Draft], words: Vocabulary) -> Moved:
    rules = [All((draft.condition, draft.audience)) for draft in drafts if draft.condition is not None]
    return moved(NOBODY if len(rules) == 1 else rules[0], rules[-1], words)


def _those_who_did(causes: Sequence[Sequence[YearCause]], is_new: bool) -> Moved:
    sides = [{cause.account_id for cause in found if cause.is_of_audience} for found in causes]
    before, after = set() if is_new else sides[0], sides[-1]
    enters, leaves = after - before, before - after
    return Moved(
        latest_day(), len(before), len(after), len(enters), len(leaves), _first_few(enters), _first_few(leaves)
    )


def _first_few(ids: Collection[int]) -> list[tuple[int, str]]:
    rows = Account.objects.filter(pk__in=ids).order_by("name", "pk").values_list("pk", "name")
    return list(rows[:SAMPLE])


def _offers(year: Year) -> str:
    if not year.offers:
        return "no offer"
    count = "1 offer" if year.offers == 1 else f"{year.offers:,} offers"
    return f"{count} worth {money(year.worth, settings.REPORTING_CURRENCY)}"
