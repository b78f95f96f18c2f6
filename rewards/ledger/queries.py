"""Reading the ledger. Every figure is a sum over posting lines; nothing is kept beside them."""

from collections.abc import Sequence
from datetime import date
from decimal import Decimal

from dateutil.relativedelta import relativedelta
from django.db import connection
from django.db.models import F, QuerySet, Sum
from django.db.models.functions import TruncMonth
from django.utils import timezone

from accounts.records.days import day_there as zoned_day
from accounts.records.models import Account
from rewards.ledger.models import CreditLot, Posting, PostingLine
from rewards.ledger.rules import OWED, ZERO, Book, Line, LotRoom, PostingKind, RollForwardMonth, roll_forward

_OWED = [book.value for book in OWED]


def lines_of(posting_id: int) -> list[Line]:
    """The lines of a posting in the order written."""
    rows = PostingLine.objects.filter(posting_id=posting_id).order_by("id")
    return [
        Line(Book(code), amount, currency, lot)
        for code, amount, currency, lot in rows.values_list("ledger_account__code", "amount", "currency", "lot_id")
    ]


# The lines of each lot are looked up by its number, however many lines there are in all.
_LOT_ROOMS = f"""
SELECT lot.id, coalesce(held.amount, 0.00), lot.expires_on, lot.issued_on
FROM rewards_creditlot AS lot
CROSS JOIN LATERAL (
    SELECT -sum(line.amount) AS amount FROM rewards_postingline AS line
    WHERE line.lot_id = lot.id AND line.ledger_account_id = (
        SELECT book.id FROM rewards_ledgeraccount AS book WHERE book.code = '{Book.LIABILITY.value}')
) AS held
WHERE lot.account_id = %s AND lot.currency = %s
ORDER BY lot.expires_on, lot.issued_on, lot.id
"""


def lot_rooms(account_id: int, currency: str) -> list[LotRoom]:
    """What is left of each of an account's lots, in `currency`, empty ones included; in the order of their use."""
    with connection.cursor() as cursor:
        cursor.execute(_LOT_ROOMS, [account_id, currency])
        return [LotRoom(*row) for row in cursor.fetchall()]


def day_there(account_id: int, booked_on: date) -> date:
    """The customer's own day when something is booked today (UTC); what is booked on another day is of that day."""
    now = timezone.now()
    if booked_on != now.date():
        return booked_on
    zone = Account.objects.values_list("time_zone", flat=True).get(pk=account_id)
    return zoned_day(zone, now)


def offer_of_lot(lot_id: int) -> int:
    """The offer whose grant made the lot."""
    return int(CreditLot.objects.values_list("grant__offer_id", flat=True).get(pk=lot_id))


def liability(currency: str, *, until: date | None = None) -> Decimal:
    """What is owed in a currency, by all postings or those booked before the day `until`."""
    lines = PostingLine.objects.filter(ledger_account__code__in=_OWED, currency=currency)
    if until is not None:
        lines = lines.filter(posting__booked_on__lt=until)
    return -(lines.aggregate(sum=Sum("amount"))["sum"] or ZERO)


def lots_left(currency: str) -> Decimal:
    """What is left of all credit lots of a currency, at face: the liability before breakage, counted by lot."""
    lines = PostingLine.objects.filter(
        ledger_account__code=Book.LIABILITY.value, lot__isnull=False, lot__currency=currency, currency=currency
    )
    return -(lines.aggregate(sum=Sum("amount"))["sum"] or ZERO)


def breakage_ahead(currency: str, *, until: date | None = None) -> Decimal:
    """Breakage recognised before it has lapsed, now or by what was booked before `until`; it lowers the liability."""
    lines = PostingLine.objects.filter(ledger_account__code=Book.AHEAD.value, currency=currency)
    if until is not None:
        lines = lines.filter(posting__booked_on__lt=until)
    return lines.aggregate(sum=Sum("amount"))["sum"] or ZERO


def rollforward(months: Sequence[date], currency: str) -> list[RollForwardMonth]:
    """The roll-forward of consecutive months, each given by its first day, oldest first."""
    if not months:
        return []
    end = months[-1] + relativedelta(months=1)
    rows = (
        PostingLine.objects.filter(
            ledger_account__code__in=_OWED,
            currency=currency,
            posting__booked_on__gte=months[0],
            posting__booked_on__lt=end,
        )
        .values(month=TruncMonth("posting__booked_on"), kind=F("posting__kind"))
        .annotate(sum=Sum("amount"))
        .order_by()
    )
    moved = {(row["month"], PostingKind(row["kind"])): row["sum"] for row in rows}
    return roll_forward(months, liability(currency, until=months[0]), moved)


def months_until(today: date, count: int = 12) -> list[date]:
    """The first days of the last `count` months, the running one last."""
    this = today.replace(day=1)
    return [this - relativedelta(months=back) for back in reversed(range(count))]


def currencies() -> list[str]:
    """The currencies that the ledger holds."""
    return list(PostingLine.objects.order_by("currency").values_list("currency", flat=True).distinct())


def postings(
    *, month: date | None = None, kind: PostingKind | None = None, account_id: int | None = None
) -> QuerySet[Posting]:
    """Postings with their customer, newest booking first; `month` is its first day."""
    rows = Posting.objects.select_related("account").order_by("-booked_on", "-id")
    if month is not None:
        rows = rows.filter(booked_on__gte=month, booked_on__lt=month + relativedelta(months=1))
    if kind is not None:
        rows = rows.filter(kind=kind.value)
    if account_id is not None:
        rows = rows.filter(account_id=account_id)
    return rows
