"""Proving the books: every check of `checks`, and the roll-forward against the sum of the postings."""

from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal

from dateutil.relativedelta import relativedelta
from django.db import connection
from django.db.models import Max, Min
from django.utils import timezone

from rewards.caps.models import CapPeriod
from rewards.ledger.checks import CHECKS
from rewards.ledger.models import BooksProof, Posting, PostingLine
from rewards.ledger.queries import breakage_ahead, currencies, liability, lots_left, rollforward
from rewards.ledger.rules import Agreement, Problem
from rewards.ledger.snapshot import one_snapshot


@dataclass(frozen=True)
class Reconciliation:
    """What was looked at, and every row that does not add up. `agreements` holds one a currency."""

    postings: int
    lines: int
    cap_periods: int
    agreements: list[Agreement]
    problems: list[Problem]

    @property
    def statement(self) -> str:
        """The figures in one sentence: for people, and for whoever greps for them."""
        parts = [_count(self.postings, "posting"), _count(self.lines, "line")]
        parts += [a.statement for a in self.agreements]
        parts.append(_count(self.cap_periods, "cap period"))
        return ", ".join(parts)


def check() -> Reconciliation:
    """Look at all of the books as of one moment. Reads everything: for the command, not for a page."""
    with one_snapshot():
        agreements = [agreement(currency, timezone.now()) for currency in currencies()]
        problems = [p for what, query in CHECKS.items() for p in _rows(what, query)]
        problems += [
            Problem("the roll-forward equals the postings", f"currency {a.currency}", a.statement)
            for a in agreements
            if not a.holds
        ]
        return Reconciliation(
            postings=Posting.objects.count(),
            lines=PostingLine.objects.count(),
            cap_periods=CapPeriod.objects.count(),
            agreements=agreements,
            problems=problems,
        )


def keep_proof(found: Reconciliation) -> None:
    """Keep when all of the books were looked at, and what came of it, for the page to say."""
    BooksProof.objects.bulk_create(
        BooksProof(
            at=a.at,
            currency=a.currency,
            postings=found.postings,
            liability=a.by_postings,
            holds=a.holds and not found.problems,
        )
        for a in found.agreements
    )


def agreement(currency: str, at: datetime) -> Agreement:
    """Three ways to the same figure: all lines, the months chained, what is left of the lots less breakage."""
    span = Posting.objects.aggregate(first=Min("booked_on"), last=Max("booked_on"))
    months = _months(span["first"], span["last"]) if span["first"] else []
    rows = rollforward(months, currency)
    ahead = breakage_ahead(currency)
    return Agreement(
        currency=currency,
        at=at,
        by_postings=liability(currency),
        by_months=rows[-1].closing if rows else Decimal(0),
        by_lots=lots_left(currency) - ahead,
        ahead=ahead,
    )


def _months(first: date, last: date) -> list[date]:
    month, months = first.replace(day=1), []
    while month <= last:
        months.append(month)
        month += relativedelta(months=1)
    return months


def _rows(what: str, query: str) -> list[Problem]:
    with connection.cursor() as cursor:
        cursor.execute(query)
        return [Problem(what, row, words) for row, words in cursor.fetchall()]


def _count(number: int, noun: str) -> str:
    return f"{number:,} {noun}{'' if number == 1 else 's'}"
