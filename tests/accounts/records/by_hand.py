"""What telling a subscription should do, said a second time and simply, to hold the statement against."""

from dataclasses import replace
from datetime import date, datetime

from accounts.records.terms import History, Terms


def first_change(before: History | None, after: History) -> date | None:
    """The first day on which two histories of one subscription differ; None when they never do."""
    histories = [history for history in (before, after) if history]
    days = sorted({day for history in histories for day in (history.starts_on, *history.terms)})
    return next((day for day in days if (before.on(day) if before else None) != after.on(day)), None)


def has_ended(terms: Terms, day: date) -> bool:
    """Whether terms that are told of a day say that the subscription had ended by then."""
    return terms.ends_on is not None and terms.ends_on <= day


class Told:
    """All that was told of one subscription so far."""

    def __init__(self) -> None:
        self.history: History | None = None
        self.newest: tuple[datetime, str] | None = None
        self.of_days: dict[date, tuple[datetime, str]] = {}

    def tell(
        self, account: int, terms: Terms, from_day: date, starts_on: date, told: tuple[datetime, str]
    ) -> date | None:
        """Take one telling in; returns the first day on which anything is different now."""
        before = self.history
        after = before or History(account, starts_on, {})
        if self.newest is None or self.newest < told:
            self.newest, after = told, replace(after, account_id=account, starts_on=starts_on)
        # An end is told of all days since.
        ends = ((self.of_days[d], d, t) for d, t in after.terms.items() if d < from_day and has_ended(t, d))
        at, _, said = max([(told, date.max, terms), *ends], key=lambda end: end[:2])
        if from_day not in self.of_days or self.of_days[from_day] < at:
            self.of_days[from_day] = at
            after = replace(after, terms={**after.terms, from_day: said})
        if has_ended(terms, from_day):
            for day in [d for d in after.terms if d > from_day and self.of_days[d] < told]:
                self.of_days[day] = told
                after = replace(after, terms={**after.terms, day: terms})
        self.history = after
        return first_change(before, after)
