"""Which month can be closed, which reopened, and what an account code may be."""

from collections.abc import Mapping
from datetime import date
from typing import Any

from dateutil.relativedelta import relativedelta

from loyalty.core.errors import DomainError
from loyalty.core.figures import month_text
from rewards.ledger.rules import BOOK_LABELS, Book

LONGEST_CODE = 40


def closing_refusal(month: date, *, today: date, first: date | None, last_closed: date | None) -> str | None:
    """Why a month cannot be closed today, or None. All by first day; `first` is the month of the first posting."""
    if month + relativedelta(months=1) > today:
        return f"{month_text(month)} is not over yet."
    if first is None or month < first:
        return f"There is nothing to close in {month_text(month)}: the books begin later."
    if last_closed is None:
        return None
    if month <= last_closed:
        return f"{month_text(month)} is closed already."
    due = last_closed + relativedelta(months=1)
    return None if month == due else f"{month_text(due)} has to be closed first."


def reopening_refusal(month: date, last_closed: date | None) -> str | None:
    """Why a month cannot be reopened, or None: months are reopened from the last one backwards."""
    if last_closed is None or month > last_closed:
        return f"{month_text(month)} is open."
    return None if month == last_closed else f"{month_text(last_closed)} has to be reopened first."


def clean_codes(now: Mapping[str, str], values: Mapping[str, Any]) -> dict[str, str]:
    """The code of every ledger account after an edit; raises DomainError in words when one makes no sense."""
    merged = {book.value: str(values.get(book.value, now[book.value])).strip() for book in Book}
    for book, code in merged.items():
        if not code or len(code) > LONGEST_CODE or not code.isprintable():
            raise DomainError(f"“{BOOK_LABELS[Book(book)]}” needs a code of 1 to {LONGEST_CODE} characters.")
    return merged
