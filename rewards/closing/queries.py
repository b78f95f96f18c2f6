"""Reading which months are closed, their journal, and their figures."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

from dateutil.relativedelta import relativedelta
from django.db import connection
from django.db.models import Max, Min

from loyalty.core.money import cents
from rewards.closing.models import ClosedMonth, JournalCodes
from rewards.closing.rules import closing_refusal, reopening_refusal
from rewards.ledger.models import LedgerAccount, Posting, PostingLine
from rewards.ledger.queries import liability
from rewards.ledger.rules import Book

JOURNAL_HEADER = [
    "posting", "date", "account code", "account", "debit", "credit", "currency", "customer id", "customer",
    "description", "key",
]  # fmt: skip

_FIGURES = """
SELECT line.currency, count(DISTINCT posting.id), sum(line.amount) FILTER (WHERE line.amount > 0),
       -sum(line.amount) FILTER (WHERE line.amount < 0)
FROM rewards_posting AS posting JOIN rewards_postingline AS line ON line.posting_id = posting.id
WHERE posting.booked_on >= %s AND posting.booked_on < %s
GROUP BY line.currency ORDER BY line.currency
"""


@dataclass(frozen=True)
class Figures:
    """What one month has in one currency; `owed` is the liability at its end."""

    currency: str
    postings: int
    debits: Decimal
    credits: Decimal
    owed: Decimal

    def as_json(self) -> dict[str, Any]:
        return {
            "currency": self.currency,
            "postings": self.postings,
            "debits": str(self.debits),
            "owed": str(cents(self.owed)),
        }


@dataclass(frozen=True)
class MonthShown:
    """One month of the list; `refusal` says why its next step (closing, or reopening) cannot be taken now."""

    month: date
    closed: ClosedMonth | None
    figures: list[Figures]
    refusal: str

    @property
    def is_closed(self) -> bool:
        return self.closed is not None and self.closed.is_closed


def last_closed() -> date | None:
    """The last month that is closed, by its first day; with it all before are."""
    found: date | None = ClosedMonth.objects.filter(is_closed=True).aggregate(last=Max("month"))["last"]
    return found


def first_month() -> date | None:
    """The month of the first posting, by its first day."""
    first: date | None = Posting.objects.aggregate(first=Min("booked_on"))["first"]
    return first.replace(day=1) if first else None


def figures_of(month: date) -> list[Figures]:
    """What a month has, one a currency."""
    end = month + relativedelta(months=1)
    with connection.cursor() as cursor:
        cursor.execute(_FIGURES, [month, end])
        found = cursor.fetchall()
    return [
        Figures(currency, count, debits, credits, liability(currency, until=end))
        for currency, count, debits, credits in found
    ]


def months_shown(today: date, count: int = 12) -> list[MonthShown]:
    """The last months that are over or running, the newest first, since the books began."""
    first, last = first_month(), last_closed()
    closed = {each.month: each for each in ClosedMonth.objects.select_related("closed_by")}
    this = today.replace(day=1)
    months = [this - relativedelta(months=back) for back in range(count)]
    return [
        MonthShown(
            month=month,
            closed=closed.get(month),
            figures=figures_of(month),
            refusal=_refusal(month, today, first, last),
        )
        for month in months
        if first and month >= first
    ]


def _refusal(month: date, today: date, first: date | None, last: date | None) -> str:
    if last is not None and month <= last:
        return reopening_refusal(month, last) or ""
    return closing_refusal(month, today=today, first=first, last_closed=last) or ""


def codes_now() -> dict[str, str]:
    """The account code of each ledger account; our own where Finance set none."""
    kept = JournalCodes.objects.filter(pk=1).values_list("codes", flat=True).first() or {}
    return {book.value: kept.get(book.value, book.value) for book in Book}


def journal_rows(month: date) -> Iterator[list[object]]:
    """The journal of a month in the order of booking: one posting line a row, so that debits equal credits."""
    codes = codes_now()
    names = dict(LedgerAccount.objects.values_list("code", "name"))
    lines = (
        PostingLine.objects.filter(
            posting__booked_on__gte=month, posting__booked_on__lt=month + relativedelta(months=1)
        )
        .select_related("posting__account", "ledger_account")
        .order_by("posting__booked_on", "posting_id", "id")
    )
    for line in lines.iterator(chunk_size=2000):
        posting, book = line.posting, line.ledger_account.code
        sides = (line.amount, None) if line.amount > 0 else (None, -line.amount)
        yield [
            posting.pk,
            posting.booked_on,
            codes[book],
            names[book],
            *sides,
            line.currency,
            posting.account.external_id if posting.account else None,
            posting.customer,
            posting.cause,
            posting.key,
        ]
