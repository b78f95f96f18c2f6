"""What the ledger pages show: a list of postings with amounts, one posting with both sides."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal

from django.db.models import F, Min, OuterRef, QuerySet, Subquery, Sum
from django.db.models.functions import TruncMonth

from rewards.ledger.models import Posting, PostingLine
from rewards.ledger.queries import postings
from rewards.ledger.rules import PostingKind

CSV_HEADER = [
    "posting", "key", "kind", "booked on", "written at", "customer id", "customer", "ledger account",
    "ledger account name", "debit", "credit", "currency", "credit lot", "cause", "reverses",
]  # fmt: skip


@dataclass(frozen=True)
class Filters:
    """What is shown of the ledger; None shows all. `month` is its first day."""

    month: date | None = None
    kind: PostingKind | None = None
    account_id: int | None = None

    def rows(self) -> QuerySet[Posting]:
        """The postings that are shown, newest booking first."""
        return postings(month=self.month, kind=self.kind, account_id=self.account_id)


def with_amounts(rows: QuerySet[Posting]) -> QuerySet[Posting]:
    """Each posting with the sum of its debits and its currency, read for the shown rows only."""
    lines = PostingLine.objects.filter(posting_id=OuterRef("pk")).order_by().values("posting_id")
    return rows.annotate(
        amount=Subquery(lines.filter(amount__gt=0).annotate(sum=Sum("amount")).values("sum")),
        currency=Subquery(lines.annotate(first=Min("currency")).values("first")),
    )


def months_with_postings(limit: int = 12) -> list[date]:
    """The latest months in which anything was booked, newest first."""
    rows = Posting.objects.order_by().annotate(month=TruncMonth("booked_on")).values_list("month", flat=True)
    return list(rows.distinct().order_by("-month")[:limit])


@dataclass(frozen=True)
class Side:
    """One line of a posting as debit or credit; the other is None."""

    code: str
    name: str
    debit: Decimal | None
    credit: Decimal | None
    currency: str
    lot_id: int | None
    expires_on: date | None

    @property
    def mirrored(self) -> "Side":
        """The same line as a reversal has it."""
        return replace(self, debit=self.credit, credit=self.debit)


@dataclass(frozen=True)
class PostingDetail:
    """A posting with both sides, and the offer that it goes back to (None when it uses several lots)."""

    posting: Posting
    sides: list[Side]
    debits: Decimal
    credits: Decimal
    currency: str
    offer_ids: list[int]

    @property
    def mirrored(self) -> "PostingDetail":
        """The same posting with the sides of its reversal."""
        sides = [side.mirrored for side in self.sides]
        return replace(self, sides=sides, debits=self.credits, credits=self.debits)


def posting_detail(posting_id: int) -> PostingDetail | None:
    """One posting, or None when there is none."""
    posting = Posting.objects.select_related("account", "reverses", "reversed_by").filter(pk=posting_id).first()
    if posting is None:
        return None
    lines = posting.lines.select_related("ledger_account", "lot__grant").order_by("id")
    sides = [_side(line) for line in lines]
    offers = {line.lot.grant.offer_id for line in lines if line.lot}
    return PostingDetail(
        posting=posting,
        sides=sides,
        debits=sum((s.debit for s in sides if s.debit), Decimal(0)),
        credits=sum((s.credit for s in sides if s.credit), Decimal(0)),
        currency=sides[0].currency,
        offer_ids=sorted(offers),
    )


def _side(line: PostingLine) -> Side:
    return Side(
        code=line.ledger_account.code,
        name=line.ledger_account.name,
        debit=line.amount if line.amount > 0 else None,
        credit=-line.amount if line.amount < 0 else None,
        currency=line.currency,
        lot_id=line.lot_id,
        expires_on=line.lot.expires_on if line.lot else None,
    )


def csv_rows(rows: QuerySet[Posting]) -> Iterator[list[object]]:
    """One row a posting line, so that the file balances: its debits equal its credits."""
    lines = (
        PostingLine.objects.filter(posting__in=rows.order_by())
        .select_related("posting__account", "ledger_account")
        .order_by("-posting__booked_on", "-posting_id", F("id"))
    )
    for line in lines.iterator(chunk_size=2000):
        posting, side = line.posting, _debit_credit(line.amount)
        yield [
            posting.pk, posting.key, posting.kind, posting.booked_on, posting.written_at,
            posting.account.external_id if posting.account else None, posting.customer,
            line.ledger_account.code, line.ledger_account.name, *side,
            line.currency, line.lot_id, posting.cause, posting.reverses_id,
        ]  # fmt: skip


def _debit_credit(amount: Decimal) -> tuple[Decimal | None, Decimal | None]:
    return (amount, None) if amount > 0 else (None, -amount)
