"""From when on breakage may be assumed: not before there are 12 months of history."""

from datetime import date

from dateutil.relativedelta import relativedelta

MONTHS_OF_HISTORY = 12


def allowed_from(first_issue: date) -> date:
    """The first day on which breakage may be assumed, when the first credit was issued on `first_issue`."""
    return first_issue + relativedelta(months=MONTHS_OF_HISTORY)


def is_allowed(first_issue: date | None, as_of: date) -> bool:
    """May breakage be assumed on the day `as_of`? Never while no credit was issued."""
    return first_issue is not None and as_of >= allowed_from(first_issue)
