"""The liability of another unit in the reporting currency: each movement at the rate of its day, and what is left over.

What was owed is valued anew at each month's end; the difference that neither an issue nor a use explains is the
remeasurement. It is shown and posted nowhere: the books stand in their own units.
"""

from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal

from dateutil.relativedelta import relativedelta
from django.conf import settings
from django.db.models import Sum

from loyalty.core.errors import DomainError
from loyalty.core.money import money
from rewards.ledger.models import PostingLine
from rewards.ledger.rules import OWED, ZERO, PostingKind, RollForwardMonth, roll_forward
from rewards.ledger.standing import owed_now
from rewards.rates.queries import rates_of
from rewards.rates.rules import Rates

Moves = Mapping[date, Mapping[PostingKind, Decimal]]


@dataclass(frozen=True)
class TranslatedMonth:
    """One month in the reporting currency; `moved` opens with what the month before closed with."""

    moved: RollForwardMonth
    closing: Decimal

    @property
    def remeasured(self) -> Decimal:
        """By how much rates alone moved what is owed."""
        return self.closing - self.moved.closing


@dataclass(frozen=True)
class Translated:
    """The roll-forward of one unit in the reporting currency; or `problem`, the rate that is missing."""

    unit: str
    rows: list[TranslatedMonth]
    rate: str
    problem: str = ""


@dataclass(frozen=True)
class Together:
    """What is owed in all units, in the reporting currency at the rates of one day; or the rate that is missing."""

    parts: list[tuple[str, Decimal, Decimal]]
    problem: str = ""

    @property
    def total(self) -> Decimal:
        return sum((worth for _, _, worth in self.parts), ZERO)


def translated(rows: Sequence[RollForwardMonth], unit: str, today: date) -> Translated:
    """Translate a roll-forward, its last month as of `today`; call it within the snapshot that read the rows."""
    rates = rates_of(unit)
    try:
        return Translated(unit, translate(rows, _moves(rows, unit), rates, today), rates.in_words(today))
    except DomainError as missing:
        return Translated(unit, [], "", str(missing))


def translate(rows: Sequence[RollForwardMonth], moves: Moves, rates: Rates, today: date) -> list[TranslatedMonth]:
    """As `translated`; `moves` is how much the liability shrank in the unit, by day and kind.

    Raises DomainError when a rate is missing for a day on which something moved or was owed.
    """
    opening = rates.translated(rows[0].opening, rows[0].month - timedelta(days=1))
    found: list[TranslatedMonth] = []
    for row in rows:
        after = row.month + relativedelta(months=1)
        moved: dict[tuple[date, PostingKind], Decimal] = defaultdict(lambda: ZERO)
        for day, kinds in moves.items():
            if row.month <= day < after:
                for kind, amount in kinds.items():
                    moved[(row.month, kind)] += rates.translated(amount, day)
        (month,) = roll_forward([row.month], found[-1].closing if found else opening, moved)
        found.append(TranslatedMonth(month, rates.translated(row.closing, min(after - timedelta(days=1), today))))
    return found


def together(units: Sequence[str], day: date, owed_in: Callable[[str], Decimal] = owed_now) -> Together:
    """What is owed in each unit, and what that is worth by the rates of `day`; `owed_in` tells it of another day."""
    parts = []
    for unit in units:
        owed = owed_in(unit)
        try:
            parts.append((unit, owed, rates_of(unit).translated(owed, day)))
        except DomainError as missing:
            return Together([], f"{money(owed, unit)} cannot be told in {settings.REPORTING_CURRENCY}. {missing}")
    return Together(parts)


def _moves(rows: Sequence[RollForwardMonth], unit: str) -> Moves:
    lines = PostingLine.objects.filter(
        ledger_account__code__in=[book.value for book in OWED],
        currency=unit,
        posting__booked_on__gte=rows[0].month,
        posting__booked_on__lt=rows[-1].month + relativedelta(months=1),
    )
    moves: dict[date, dict[PostingKind, Decimal]] = defaultdict(dict)
    summed = lines.order_by().values_list("posting__booked_on", "posting__kind").annotate(sum=Sum("amount"))
    for day, kind, amount in summed:
        moves[day][PostingKind(kind)] = amount
    return moves
