"""Closing and reopening months: who may, in which order, and that nothing is dated into what is closed."""

import csv
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import date, timedelta
from decimal import Decimal
from io import BytesIO
from typing import Any

import pytest
import time_machine
from django.db import DatabaseError, connection, transaction
from django.test import Client
from openpyxl import load_workbook

from loyalty.core.audit.models import AuditLine
from loyalty.core.changes.models import ChangeRequest
from loyalty.core.changes.verbs import approve, propose_or_apply
from loyalty.core.errors import DomainError, NotAllowed
from loyalty.core.people.models import User
from rewards.closing.models import ClosedMonth
from rewards.closing.queries import codes_now, last_closed
from rewards.closing.rules import clean_codes, closing_refusal, reopening_refusal
from rewards.closing.verbs import close_month
from rewards.ledger.issuing import issue_credits
from rewards.ledger.models import Posting
from rewards.ledger.queries import liability
from rewards.ledger.reconciliation import check
from rewards.ledger.rules import Book
from rewards.ledger.verbs import issue_credit, redeem, reverse
from rewards.offers.models import Grant
from tests.factories import AccountFactory, OfferFactory

SignIn = Callable[[User], Client]
SEPTEMBER, OCTOBER, NOVEMBER, DECEMBER = (date(2026, month, 1) for month in (9, 10, 11, 12))
TODAY = date(2026, 11, 22)


@pytest.fixture(autouse=True)
def _in_november() -> Any:
    with time_machine.travel("2026-11-22 10:00:00+00:00", tick=True):
        yield


def granted(amount: int = 300, name: str = "=Northwind") -> Grant:
    offer = OfferFactory(account=AccountFactory(name=name), face_value=Decimal(amount), state="approved")
    return Grant.objects.create(
        offer=offer,
        account_id=offer.account_id,
        face_value=Decimal(amount),
        currency="USD",
        expires_on=TODAY + timedelta(days=365),
    )


def issued(day: date, **grant: Any) -> Posting:
    return issue_credit(granted(**grant), booked_on=day, acting_user=None)


# Month, today, the first month of the books, the last that is closed; a word of the refusal.
CLOSINGS = [
    (OCTOBER, TODAY, OCTOBER, None, None),
    (NOVEMBER, TODAY, OCTOBER, OCTOBER, "not over"),
    (NOVEMBER, date(2026, 11, 30), OCTOBER, OCTOBER, "not over"),
    (NOVEMBER, DECEMBER, OCTOBER, OCTOBER, None),
    (NOVEMBER, DECEMBER, SEPTEMBER, SEPTEMBER, "Oct 2026 has to be closed first"),
    (OCTOBER, TODAY, OCTOBER, OCTOBER, "closed already"),
    (SEPTEMBER, TODAY, SEPTEMBER, OCTOBER, "closed already"),
    (SEPTEMBER, TODAY, OCTOBER, None, "begin later"),
    (OCTOBER, TODAY, None, None, "begin later"),
]


@pytest.mark.parametrize(("month", "today", "first", "last", "said"), CLOSINGS)
def test_which_month_can_be_closed(
    month: date, today: date, first: date | None, last: date | None, said: str | None
) -> None:
    refusal = closing_refusal(month, today=today, first=first, last_closed=last)
    assert (refusal is None) == (said is None)
    assert (said or "") in (refusal or "")


def test_months_are_reopened_from_the_last_one_backwards() -> None:
    assert reopening_refusal(OCTOBER, OCTOBER) is None
    assert reopening_refusal(OCTOBER, None) == "Oct 2026 is open."
    assert reopening_refusal(NOVEMBER, OCTOBER) == "Nov 2026 is open."
    assert reopening_refusal(SEPTEMBER, OCTOBER) == "Oct 2026 has to be reopened first."


def test_codes_are_short_and_never_empty() -> None:
    now = {book.value: book.value for book in Book}
    assert clean_codes(now, {"receivable": " 1200 "}) == now | {"receivable": "1200"}
    for wrong in ("", " ", "1" * 41, "a\nb"):
        with pytest.raises(DomainError, match="needs a code"):
            clean_codes(now, {"receivable": wrong})


@pytest.mark.django_db
def test_nothing_is_dated_into_a_closed_month_nor_before_it(finance: User) -> None:
    posting = issued(OCTOBER + timedelta(days=4))
    closed = close_month(OCTOBER, today=TODAY, acting_user=finance)
    assert closed.figures == [{"currency": "USD", "postings": 1, "debits": "300.00", "owed": "300.00"}]
    assert AuditLine.objects.get(verb="month_closed").actor == finance
    for day in (OCTOBER, date(2026, 10, 31), SEPTEMBER):
        with pytest.raises(DomainError, match="is closed: nothing can be dated into it"):
            issued(day)
        with pytest.raises(DomainError, match="is closed: nothing can be dated into it"):
            issue_credits([granted().pk, granted().pk], booked_on=day, acting_user=None)
    with pytest.raises(DomainError, match="is closed"):
        reverse(posting, "Wrong", acting_user=finance, booked_on=date(2026, 10, 31))
    with pytest.raises(DatabaseError), transaction.atomic():
        Posting.objects.create(key="round", kind="issue", booked_on=OCTOBER, cause="Round the verbs")
    assert Posting.objects.get() == posting
    # What was posted before is still the same posting, and the next month is open.
    assert (
        issue_credit(posting.lines.get(lot__isnull=False).lot.grant, booked_on=posting.booked_on, acting_user=None)
        == posting
    )
    issued(NOVEMBER)
    assert liability("USD") == Decimal(600)
    # The grants that were refused stand here without their posting, and nothing else is wrong.
    assert {p.what for p in check().problems} == {"each granted credit is on the ledger"}


@pytest.mark.django_db
def test_only_finance_closes_and_the_attempt_is_told(cs: User, administrator: User) -> None:
    issued(OCTOBER)
    for person in (cs, administrator):
        with pytest.raises(NotAllowed):
            close_month(OCTOBER, today=TODAY, acting_user=person)
    assert last_closed() is None
    assert AuditLine.objects.filter(verb="refused", object_type="closed_month").count() == 2


@pytest.mark.django_db
def test_reopening_takes_two_of_finance_and_a_reason(
    finance: User, finance_colleague: User, cs: User, signed_in_as: SignIn
) -> None:
    issued(OCTOBER)
    closed = close_month(OCTOBER, today=TODAY, acting_user=finance)
    address = f"/ledger/close/{closed.pk}/reopen"
    assert signed_in_as(cs).post(address, {"reason": "Late invoice"}).status_code == 403
    assert signed_in_as(finance).post(address, {"reason": ""}).status_code == 422
    assert ChangeRequest.objects.count() == 0
    assert signed_in_as(finance).post(address, {"reason": "Late invoice"}).status_code == 302
    change = ChangeRequest.objects.get()
    with pytest.raises(NotAllowed):
        approve(change.pk, digest=change.digest, acting_user=finance)
    assert last_closed() == OCTOBER
    approve(change.pk, digest=change.digest, acting_user=finance_colleague)
    assert last_closed() is None
    assert AuditLine.objects.get(verb="month_reopened").reason == "Late invoice"
    issued(OCTOBER)
    again = close_month(OCTOBER, today=TODAY, acting_user=finance)
    assert (again.pk, again.version, again.figures[0]["postings"]) == (closed.pk, 3, 2)
    with pytest.raises(DomainError, match="what is proposed is to reopen it"):
        propose_or_apply("closed_month", closed.pk, {"is_closed": True}, "No", acting_user=finance)


@pytest.mark.django_db
def test_the_journal_is_balanced_and_names_the_codes_of_finance(finance: User, cs: User, signed_in_as: SignIn) -> None:
    first = issued(OCTOBER, amount=300)
    redeem(first.account_id, Decimal(50), "USD", request="r", invoice="7", booked_on=TODAY, acting_user=None)
    codes = {**codes_now(), "credit_liability": "2150", "reason": "Our chart"}
    assert signed_in_as(cs).post("/ledger/close/codes/", codes)["Location"].startswith("/changes/")
    assert codes_now()["credit_liability"] == "credit_liability"
    assert signed_in_as(finance).post("/ledger/close/codes/", codes)["Location"] == "/ledger/close/"
    client = signed_in_as(finance)
    response = client.get("/ledger/close/2026-11/journal")
    assert response["Content-Disposition"] == 'attachment; filename="journal-2026-11-open.csv"'
    text = b"".join(response.streaming_content).decode().lstrip("\N{ZERO WIDTH NO-BREAK SPACE}")
    rows = list(csv.DictReader(text.splitlines()))
    told = [(r["date"], r["account code"], r["debit"], r["credit"], r["customer"], r["description"]) for r in rows]
    assert told == [
        ("2026-11-22", "2150", "50.00", "", "'=Northwind", "Credit applied to invoice 7"),
        ("2026-11-22", "receivable", "", "50.00", "'=Northwind", "Credit applied to invoice 7"),
    ]
    assert AuditLine.objects.filter(verb="exported").count() == 1


@pytest.mark.django_db
def test_the_finance_pack_holds_what_an_auditor_asks_for(finance: User, signed_in_as: SignIn) -> None:
    first = issued(OCTOBER)
    redeem(
        first.account_id, Decimal(50), "USD", request="r", invoice="7", booked_on=date(2026, 10, 9), acting_user=None
    )
    issued(NOVEMBER)
    close_month(OCTOBER, today=TODAY, acting_user=finance)
    response = signed_in_as(finance).get("/ledger/close/2026-10/pack")
    assert response["Content-Disposition"] == 'attachment; filename="finance-pack-2026-10.xlsx"'
    book = load_workbook(BytesIO(response.content))
    assert book.sheetnames == ["Roll-forward", "Ageing", "Postings", "Caps", "Approvals"]
    last = [cell.value for cell in list(book["Roll-forward"].rows)[-1]]
    assert last == ["USD", "2026-10", "closed", 0, 300, 50, 0, 0, 0, 250]
    ageing = [[cell.value for cell in row] for row in book["Ageing"].rows][1:]
    assert ageing == [["USD", "2027-11", 250]]
    postings = [[cell.value for cell in row] for row in book["Postings"].rows][1:]
    assert len(postings) == 4
    assert sum(row[4] or 0 for row in postings) == sum(row[5] or 0 for row in postings) == 350
    assert {row[8] for row in postings} == {"'=Northwind"}


@pytest.mark.django_db
def test_the_page_closes_the_next_month(finance: User, cs: User, signed_in_as: SignIn) -> None:
    client = signed_in_as(finance)
    assert "There is nothing to close" in client.get("/ledger/close/").content.decode()
    issued(OCTOBER)
    assert "Close Oct 2026" in client.get("/ledger/close/").content.decode()
    refused = signed_in_as(cs).post("/ledger/close/2026-10/")
    assert (refused.status_code, last_closed()) == (403, None)
    assert client.post("/ledger/close/2026-13/").status_code == 404
    assert client.post("/ledger/close/2026-10/").status_code == 302
    assert client.post("/ledger/close/2026-10/").status_code == 409
    page = client.get("/ledger/close/").content.decode()
    assert "Reopen October 2026" in page
    assert "Nov 2026 is not over yet." in page


@pytest.mark.django_db(transaction=True)
def test_closing_waits_for_a_posting_in_flight(finance: User) -> None:
    issued(OCTOBER)
    with ThreadPoolExecutor(1) as pool:
        with transaction.atomic():
            issued(date(2026, 10, 20))
            closing = pool.submit(_closed_elsewhere, finance)
            _await_waiting()
            assert not ClosedMonth.objects.exists()
        assert closing.result()[0]["postings"] == 2
    with pytest.raises(DomainError, match="is closed"):
        issued(date(2026, 10, 20))


def _closed_elsewhere(finance: User) -> list[dict[str, Any]]:
    try:
        return close_month(OCTOBER, today=TODAY, acting_user=finance).figures
    finally:
        connection.close()


def _await_waiting() -> None:
    """Until somebody waits for an advisory lock."""
    with connection.cursor() as cursor:
        for _ in range(10_000):
            cursor.execute("SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND NOT granted")
            if cursor.fetchone()[0]:
                return
            cursor.execute("SELECT pg_sleep(0.005)")
    raise AssertionError("Nobody waits.")
