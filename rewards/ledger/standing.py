"""What is owed now and how it came to be, from the summaries and the postings that are not in them yet."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from django.db import connection
from django.db.models import Sum

from rewards.ledger.cells import CURRENCIES, MONTHS, SPLITS
from rewards.ledger.models import BooksProof, PostingLine
from rewards.ledger.rules import OWED, ZERO, PostingKind, RollForwardMonth, roll_forward


@dataclass(frozen=True)
class Splits:
    """What is left of all credits, at face, five times over: by month of expiry, and by what they come from.

    Keys: first day of the month; id of campaign and reward; key of tier and segment on the day of issue,
    empty when there was none. Zero is left out.
    """

    expires_in: Mapping[date, Decimal]
    campaign: Mapping[int, Decimal]
    reward: Mapping[int, Decimal]
    tier: Mapping[str, Decimal]
    segment: Mapping[str, Decimal]

    @property
    def total(self) -> Decimal:
        return sum(self.expires_in.values(), ZERO)


@dataclass(frozen=True)
class Standing:
    """The liability of one currency as of one moment. `ahead` is breakage recognised before it lapsed."""

    currency: str
    rows: list[RollForwardMonth]
    splits: Splits
    owed: Decimal
    ahead: Decimal
    proof: BooksProof | None

    @property
    def holds(self) -> bool:
        """Whether the months chained, all movements summed and the open credits less breakage are the same figure."""
        return self.rows[-1].closing == self.owed == self.splits.total - self.ahead

    @property
    def is_proved(self) -> bool:
        """Whether the last proof against all postings held."""
        return self.proof is not None and self.proof.holds


def standing_of(currency: str, months: Sequence[date]) -> Standing:
    """Read it for consecutive months, each by its first day, the running one last; call it within one snapshot."""
    moved = _months(currency)
    opening = -sum((a for (month, _), a in moved.items() if month < months[0]), ZERO)
    return Standing(
        currency=currency,
        rows=roll_forward(months, opening, moved),
        splits=_splits(currency),
        owed=-sum(moved.values(), ZERO),
        ahead=_ahead(moved),
        proof=BooksProof.objects.filter(currency=currency).first(),
    )


def owed_now(currency: str) -> Decimal:
    """What is owed now, from the summaries and what waits."""
    return -sum(_months(currency).values(), ZERO)


def owed_on(currency: str, day: date) -> Decimal:
    """What was owed at the end of a day: what is owed now without what was booked after it."""
    lines = PostingLine.objects.filter(
        ledger_account__code__in=[book.value for book in OWED], currency=currency, posting__booked_on__gt=day
    )
    return owed_now(currency) + (lines.aggregate(sum=Sum("amount"))["sum"] or ZERO)


def _ahead(moved: Mapping[tuple[date, PostingKind], Decimal]) -> Decimal:
    kinds = (PostingKind.BREAKAGE, PostingKind.REESTIMATE)
    return sum((amount for (_, kind), amount in moved.items() if kind in kinds), ZERO)


def _months(currency: str) -> dict[tuple[date, PostingKind], Decimal]:
    with connection.cursor() as cursor:
        cursor.execute(MONTHS, {"currency": currency})
        return {(month, PostingKind(kind)): amount for month, kind, amount in cursor.fetchall()}


def _splits(currency: str) -> Splits:
    found: tuple[dict, dict, dict, dict, dict] = ({}, {}, {}, {}, {})
    with connection.cursor() as cursor:
        cursor.execute(SPLITS, {"currency": currency})
        for *keys, amount in cursor.fetchall():
            place = next(n for n, key in enumerate(keys) if key is not None)
            found[place][keys[place]] = amount
    return Splits(*found)


def currencies_held() -> list[str]:
    """The currencies in which anything was ever owed, from the summaries and what waits."""
    with connection.cursor() as cursor:
        cursor.execute(CURRENCIES)
        return [currency for (currency,) in cursor.fetchall()]


def campaign_names(ids: Iterable[int]) -> dict[int, str]:
    """The names of campaigns by id: they stand on a higher floor, here they are only a table."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT id, name FROM rewards_campaign WHERE id = ANY (%s)", [list(ids)])
        return dict(cursor.fetchall())
