"""What stands behind a figure of the liability: the postings that moved it, or the lots that hold it. To the cent."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from enum import StrEnum
from typing import Any

from django.db.models import DecimalField, Exists, ExpressionWrapper, OuterRef, Q, QuerySet, Subquery, Sum

from rewards.ledger.models import CreditLot, Posting, PostingLine
from rewards.ledger.queries import breakage_ahead
from rewards.ledger.rules import OWED, ZERO, Book, PostingKind

MOVED_HEADER = ["posting", "booked on", "kind", "customer id", "customer", "cause", "amount", "currency"]
LEFT_HEADER = [
    "credit lot", "customer id", "customer", "campaign", "reward", "tier", "segment", "issued on", "expires on", "face",
    "left", "currency",
]  # fmt: skip


class Figure(StrEnum):
    """A column of the roll-forward that postings make up."""

    ISSUED = "issued"
    REDEEMED = "redeemed"
    EXPIRED = "expired"
    REVERSED = "reversed"
    BREAKAGE = "breakage"


KINDS: dict[Figure, tuple[PostingKind, ...]] = {
    Figure.ISSUED: (PostingKind.ISSUE,),
    Figure.REDEEMED: (PostingKind.REDEEM,),
    Figure.EXPIRED: (PostingKind.EXPIRE,),
    Figure.REVERSED: (PostingKind.REVERSE, PostingKind.GIVE_BACK),
    Figure.BREAKAGE: (PostingKind.BREAKAGE, PostingKind.REESTIMATE),
}
_OWED_LINES = {"ledger_account__code__in": [book.value for book in OWED]}
_MONEY = DecimalField(max_digits=18, decimal_places=2)


@dataclass(frozen=True)
class Moved:
    """A figure of the roll-forward over [since, until) in one currency."""

    figure: Figure
    currency: str
    since: date
    until: date

    @property
    def sign(self) -> int:
        """What is issued counts as it raises the liability, all else as it lowers it."""
        return -1 if self.figure is Figure.ISSUED else 1

    def rows(self) -> QuerySet[Any]:
        """The postings, newest booking first; each with its part of the figure as `part`."""
        mine = PostingLine.objects.filter(posting_id=OuterRef("pk"), currency=self.currency, **_OWED_LINES)
        summed = mine.order_by().values("posting_id").annotate(sum=Sum("amount")).values("sum")
        part = ExpressionWrapper(Subquery(summed) * self.sign, output_field=_MONEY)
        return self._postings().filter(Exists(mine)).annotate(part=part).select_related("account")

    def total(self) -> Decimal:
        """What the rows come to: the figure itself."""
        lines = PostingLine.objects.filter(
            posting__in=self._postings().order_by(), currency=self.currency, **_OWED_LINES
        )
        return self.sign * (lines.aggregate(sum=Sum("amount"))["sum"] or ZERO)

    def csv_rows(self) -> Iterator[list[object]]:
        """One row a posting, in the order of the list."""
        for row in self.rows().order_by("-booked_on", "-id").iterator(chunk_size=2000):
            customer = row.account.external_id if row.account else None
            yield [row.pk, row.booked_on, row.kind, customer, row.customer, row.cause, row.part, self.currency]

    def _postings(self) -> QuerySet[Posting]:
        kinds = [kind.value for kind in KINDS[self.figure]]
        return Posting.objects.filter(kind__in=kinds, booked_on__gte=self.since, booked_on__lt=self.until)


@dataclass(frozen=True)
class Left:
    """What is left of credits in one currency, at face: now, or by all that was booked before the day `until`.

    None, and for tier and segment only that, means all; an empty tier or segment is “none known on the day of issue”.
    `expires_in` is a month by its first day.
    """

    currency: str
    until: date | None = None
    expires_in: date | None = None
    campaign: int | None = None
    reward: int | None = None
    tier: str | None = None
    segment: str | None = None

    def rows(self) -> QuerySet[Any]:
        """The lots of which something is left (`left`), the first to expire first."""
        return self._lots().annotate(left=self._left()).filter(left__gt=0)

    def total(self) -> Decimal:
        """What the rows come to."""
        return self.rows().order_by().aggregate(sum=Sum("left"))["sum"] or ZERO

    def ahead(self) -> Decimal:
        """Breakage recognised before it lapsed, which lowers the liability of all lots together."""
        return breakage_ahead(self.currency, until=self.until)

    @property
    def is_all(self) -> bool:
        """Whether every lot is meant, so that the lots less the breakage are the liability."""
        return (self.expires_in, self.campaign, self.reward, self.tier, self.segment) == (None,) * 5

    def csv_rows(self) -> Iterator[list[object]]:
        """One row a lot, in the order of the list."""
        rows = self.rows().select_related("account", "grant__offer__campaign").order_by("expires_on", "id")
        for lot in rows.iterator(chunk_size=2000):
            offer = lot.grant.offer
            yield [
                *(lot.pk, lot.account.external_id, lot.account.name, offer.campaign.name, offer.reward_name),
                *(lot.tier, lot.segment, lot.issued_on, lot.expires_on, lot.amount, lot.left, lot.currency),
            ]

    def _lots(self) -> QuerySet[CreditLot]:
        wanted = Q(currency=self.currency)
        if self.expires_in is not None:
            wanted &= Q(expires_on__year=self.expires_in.year, expires_on__month=self.expires_in.month)
        for path, value in (
            ("grant__offer__campaign_id", self.campaign),
            ("grant__offer__reward_id", self.reward),
            ("tier", self.tier),
            ("segment", self.segment),
        ):
            if value is not None:
                wanted &= Q(**{path: value})
        return CreditLot.objects.filter(wanted)

    def _left(self) -> ExpressionWrapper:
        lines = PostingLine.objects.filter(
            lot_id=OuterRef("pk"), ledger_account__code=Book.LIABILITY.value, currency=self.currency
        )
        if self.until is not None:
            lines = lines.filter(posting__booked_on__lt=self.until)
        summed = lines.order_by().values("lot_id").annotate(sum=Sum("amount")).values("sum")
        return ExpressionWrapper(Subquery(summed) * -1, output_field=_MONEY)
