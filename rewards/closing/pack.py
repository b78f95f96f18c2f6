"""The finance pack of a month: one workbook that an auditor can start from."""

from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, date, datetime, time
from io import BytesIO

from dateutil.relativedelta import relativedelta
from django.db import connection
from openpyxl import Workbook

from loyalty.core.changes.models import ChangeRequest
from loyalty.core.csv import cell
from loyalty.core.people.rules import Function
from rewards.approvals.models import ApprovalStep
from rewards.caps.models import CapPeriod
from rewards.closing.queries import JOURNAL_HEADER, figures_of, journal_rows, last_closed
from rewards.ledger.queries import rollforward

WIDE = 18

_AGEING = """
SELECT line.currency, date_trunc('month', lot.expires_on)::date, -sum(line.amount)
FROM rewards_postingline AS line
JOIN rewards_creditlot AS lot ON lot.id = line.lot_id
JOIN rewards_posting AS posting ON posting.id = line.posting_id
WHERE posting.booked_on < %s
GROUP BY 1, 2 HAVING sum(line.amount) <> 0 ORDER BY 1, 2
"""


def finance_pack(month: date) -> bytes:
    """The workbook (xlsx) of a month, by its first day: roll-forward, ageing, postings, caps, approvals."""
    book = Workbook(write_only=True)
    _sheet(book, "Roll-forward", ROLL_FORWARD, _roll_forward(month))
    _sheet(book, "Ageing", ["currency", "expires in", "left at the month’s end"], _ageing(month))
    _sheet(book, "Postings", JOURNAL_HEADER, journal_rows(month))
    _sheet(book, "Caps", CAPS, _caps(month))
    _sheet(book, "Approvals", APPROVALS, _approvals(month))
    made = BytesIO()
    book.save(made)
    return made.getvalue()


ROLL_FORWARD = [
    "currency", "month", "books", "opening", "issued", "redeemed", "expired", "reversed", "breakage", "closing",
]  # fmt: skip
CAPS = ["cap", "from", "until", "hard", "measure", "limit", "reserved", "spent"]
APPROVALS = ["what", "number", "of", "terms", "function", "decision", "by", "in place of", "at"]


def _sheet(book: Workbook, title: str, header: Sequence[str], rows: Iterable[Sequence[object]]) -> None:
    sheet = book.create_sheet(title)
    sheet.freeze_panes = "A2"
    for place in range(len(header)):
        sheet.column_dimensions[chr(ord("A") + place)].width = WIDE
    sheet.append(list(header))
    for row in rows:
        # A workbook runs text that begins like a formula, as a CSV does.
        sheet.append([None if value is None else cell(value) for value in row])


def _roll_forward(month: date) -> Iterator[list[object]]:
    last = last_closed()
    for figures in figures_of(month):
        for row in rollforward([month - relativedelta(months=back) for back in reversed(range(12))], figures.currency):
            state = "closed" if last and row.month <= last else "open"
            moved = [row.opening, row.issued, row.redeemed, row.expired, row.reversed, row.breakage, row.closing]
            yield [figures.currency, f"{row.month:%Y-%m}", state, *moved]


def _ageing(month: date) -> Iterator[list[object]]:
    with connection.cursor() as cursor:
        cursor.execute(_AGEING, [month + relativedelta(months=1)])
        for currency, expires_in, left in cursor.fetchall():
            yield [currency, f"{expires_in:%Y-%m}", left]


def _caps(month: date) -> Iterator[list[object]]:
    end = month + relativedelta(months=1)
    periods = CapPeriod.objects.filter(starts_on__lt=end, ends_on__gt=month).select_related("cap")
    for period in periods.order_by("cap__name", "starts_on", "pk"):
        cap = period.cap
        yield [
            cap.name,
            period.starts_on,
            period.ends_on - relativedelta(days=1),
            cap.is_hard,
            cap.measure,
            cap.limit,
            period.reserved,
            period.spent,
        ]


def _approvals(month: date) -> Iterator[list[object]]:
    span = [datetime.combine(day, time(), UTC) for day in (month, month + relativedelta(months=1))]
    steps = ApprovalStep.objects.filter(decided_at__gte=span[0], decided_at__lt=span[1])
    steps = steps.select_related("offer__account", "decided_by", "decided_for").order_by("decided_at", "pk")
    for step in steps.iterator(chunk_size=500):
        offer = step.offer
        yield [
            "offer",
            offer.pk,
            offer.account.name,
            f"{offer.reward_name}, {offer.discount_equivalent} {offer.equivalent_in}",
            step.function,
            step.state,
            step.decided_by.display_name if step.decided_by else None,
            step.decided_for.display_name if step.decided_for else None,
            step.decided_at,
        ]
    changes = ChangeRequest.objects.filter(decided_at__gte=span[0], decided_at__lt=span[1])
    changes = changes.filter(owner_function=Function.FINANCE.value).select_related("decided_by")
    for change in changes.order_by("decided_at", "pk"):
        decider = change.decided_by.display_name if change.decided_by else None
        place = [change.owner_function, change.state, decider, None, change.decided_at]
        yield ["change", change.pk, change.object_label, change.reason, *place]
