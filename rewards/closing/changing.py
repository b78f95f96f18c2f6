"""Reopening a month and mapping account codes, as changes that Finance decides."""

from typing import Any

from django.urls import reverse

from loyalty.core.changes.registry import Changeable, Live, Values, anew_at
from loyalty.core.errors import DomainError
from loyalty.core.figures import month_text
from loyalty.core.money import money
from loyalty.core.people.models import User
from loyalty.core.people.rules import Function
from rewards.closing.models import ClosedMonth, JournalCodes
from rewards.closing.queries import codes_now, last_closed
from rewards.closing.rules import clean_codes, reopening_refusal
from rewards.closing.verbs import reopen, write_codes
from rewards.ledger.rules import BOOK_LABELS

REOPENING = "closed_month"
CODES = "journal_codes"


def _month(closed_id: int, lock: bool = False) -> ClosedMonth:
    rows = ClosedMonth.objects.select_for_update(no_key=True) if lock else ClosedMonth.objects.all()
    found = rows.filter(pk=closed_id).first()
    if found is None:
        raise LookupError(f"No closed month {closed_id}")
    return found


def _read_month(closed_id: int, lock: bool) -> Live:
    found = _month(closed_id, lock)
    values = {"is_closed": found.is_closed}
    return Live(label=str(found), url=reverse("close"), version=found.version, values=values, is_live=True)


def _clean_month(closed_id: int, values: Values) -> dict[str, Any]:
    found = _month(closed_id)
    if values.get("is_closed") is not False:
        raise DomainError("A month is closed on its page; what is proposed is to reopen it.")
    refusal = reopening_refusal(found.month, last_closed())
    if refusal:
        raise DomainError(refusal)
    return {"is_closed": False}


def _impact_of_reopening(closed_id: int, values: Values) -> list[str]:
    found = _month(closed_id)
    told = [
        f"{each['postings']:,} postings of {month_text(found.month)} were closed with"
        f" {money(each['owed'], each['currency'])} owed at its end; what is posted now may differ from"
        " what the accounting system holds."
        for each in found.figures
    ]
    return [*told, "It has to be closed again, and its journal exported again."]


def _apply_reopening(closed_id: int, values: Values, acting_user: User, reason: str) -> None:
    reopen(closed_id, acting_user, reason)


def _read_codes(codes_id: int, lock: bool) -> Live:
    rows = JournalCodes.objects.select_for_update(no_key=True) if lock else JournalCodes.objects.all()
    found = rows.filter(pk=codes_id).first()
    if found is None:
        raise LookupError(f"No account codes {codes_id}")
    return Live(label=str(found), url=reverse("close"), version=found.version, values=codes_now(), is_live=False)


CLOSED_MONTH = Changeable(
    kind=REOPENING,
    label="closed month",
    owner_of=lambda closed_id, fields: Function.FINANCE,
    read=_read_month,
    clean=_clean_month,
    impact=_impact_of_reopening,
    apply=_apply_reopening,
    field_labels={"is_closed": "Books"},
    in_words=lambda field, value: "closed" if value else "open again",
)

JOURNAL_CODES = Changeable(
    kind=CODES,
    label="account codes",
    owner_of=lambda codes_id, fields: Function.FINANCE,
    read=_read_codes,
    clean=lambda codes_id, values: clean_codes(codes_now(), values),
    impact=lambda codes_id, values: ["Journals that are exported from now on name the accounts so."],
    apply=write_codes,
    field_labels={book.value: label for book, label in BOOK_LABELS.items()},
    edit_url=lambda object_id, change_id: anew_at(reverse("journal-codes"), change_id),
)
