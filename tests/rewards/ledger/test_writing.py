"""A posting is written by one statement, with its audit line or not at all; a refusal undoes nothing else."""

from collections.abc import Callable
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import pytest
from django.db import IntegrityError, transaction
from pytest_django import DjangoAssertNumQueries

from loyalty.core.audit.models import AuditLine
from loyalty.core.errors import DomainError
from loyalty.core.people.models import User
from rewards.closing.models import ClosedMonth
from rewards.ledger.models import LedgerAccount, Posting, PostingLine, UnfoldedPosting
from rewards.ledger.rules import Book, Line, PostingKind
from rewards.ledger.writing import write_posting
from tests.factories import AccountFactory

pytestmark = pytest.mark.django_db
TODAY = date(2026, 11, 22)
LINES = [Line(Book.REWARD_COST, Decimal("7.50"), "USD"), Line(Book.RECEIVABLE, Decimal("-7.50"), "USD")]


@pytest.fixture
def write() -> Callable[..., Posting]:
    account = AccountFactory(name="N" * 200)

    def write_one(key: str = "k", **other: Any) -> Posting:
        told = {"account_id": account.pk, "cause": "A test", "booked_on": TODAY, "acting_user": None}
        return write_posting(key, PostingKind.REDEEM, other.pop("lines", LINES), **(told | other))

    return write_one


def closed(month: date, finance: User) -> None:
    ClosedMonth.objects.create(month=month, closed_at=datetime(2026, 11, 22, tzinfo=UTC), closed_by=finance)


def on_the_books() -> tuple[int, ...]:
    tables = (Posting, PostingLine, UnfoldedPosting, AuditLine)
    return tuple(table.objects.count() for table in tables)


def test_a_new_posting_is_one_statement_and_comes_back_as_it_stands(
    write: Callable[..., Posting], finance: User, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    with django_assert_num_queries(1):
        first = write(acting_user=finance, reason="Because")
    second = write("undone", reverses=first.pk, booked_on=date(2026, 12, 1))
    for made in (first, second):
        stands = Posting.objects.get(pk=made.pk)
        assert [(f.attname, getattr(made, f.attname)) for f in Posting._meta.concrete_fields] == [
            (f.attname, getattr(stands, f.attname)) for f in Posting._meta.concrete_fields
        ]
    assert on_the_books() == (2, 4, 2, 2)
    line = AuditLine.objects.get(reason="Because")
    assert (line.actor, line.actor_name, line.at) == (finance, finance.display_name, first.written_at)
    assert (line.verb, line.object_type, line.object_id) == ("ledger_posted", "posting", str(first.pk))
    assert line.object_label == f"a credit used for {'N' * 200}"
    assert line.after == {
        "key": "k",
        "booked on": "2026-11-22",
        "lines": ["receivable -7.50 USD", "reward_cost 7.50 USD"],
    }


def test_what_is_about_all_customers_says_so(write: Callable[..., Posting]) -> None:
    write(account_id=None)
    line = AuditLine.objects.get()
    assert (line.actor, line.actor_name) == (None, "The programme")
    assert (line.object_label, line.reason) == ("a credit used for All customers", "A test")


def test_a_refusal_lets_the_rest_of_the_transaction_stand(write: Callable[..., Posting], finance: User) -> None:
    first = write()
    closed(date(2026, 10, 1), finance)
    with transaction.atomic():
        with pytest.raises(DomainError, match="stands already with other content: it is booked on 2026-11-22, not"):
            write(booked_on=date(2026, 11, 23))
        with pytest.raises(DomainError, match=r"The month of 2026-10-31 is closed: nothing can be dated into it\."):
            write("late", booked_on=date(2026, 10, 31))
        second = write("another")
    assert list(Posting.objects.order_by("id")) == [first, second]
    assert on_the_books() == (2, 4, 2, 2)


def test_a_posting_can_be_said_again_after_its_month_was_closed(write: Callable[..., Posting], finance: User) -> None:
    first = write()
    closed(date(2026, 11, 1), finance)
    assert write() == first
    with pytest.raises(DomainError, match="other content"):
        write(lines=[*LINES, *LINES])
    assert on_the_books() == (1, 2, 1, 1)


@pytest.mark.django_db(transaction=True)
def test_without_a_transaction_a_posting_stands_with_its_audit_line_or_not_at_all(
    write: Callable[..., Posting], finance: User
) -> None:
    nobody = User(pk=finance.pk + 1000, username="nobody")
    with pytest.raises(IntegrityError, match="core_auditline"):
        write(acting_user=nobody)
    assert on_the_books() == (0, 0, 0, 0)
    write()
    assert on_the_books() == (1, 2, 1, 1)


# Lines of two postings in one statement: (posting, book, amount, currency).
RAW = [
    ([(0, "reward_cost", "5", "USD"), (0, "receivable", "-5", "EUR")], "does not balance: its lines sum to"),
    (
        [
            (0, "reward_cost", "5", "USD"),
            (0, "receivable", "-5", "USD"),
            (1, "reward_cost", "5", "USD"),
            (1, "receivable", "-4", "USD"),
        ],
        "does not balance: its lines sum to 1.00 USD",
    ),
    ([(0, "reward_cost", "5", "USD"), (1, "receivable", "-5", "USD")], "does not balance"),
]


@transaction.atomic
def write_raw(lines: list[tuple[int, str, str, str]]) -> None:
    codes = dict(LedgerAccount.objects.values_list("code", "pk"))
    two = [
        Posting.objects.create(key=f"raw-{n}", kind="redeem", booked_on=TODAY, account=None, cause="raw")
        for n in range(2)
    ]
    PostingLine.objects.bulk_create(
        PostingLine(posting=two[n], ledger_account_id=codes[book], amount=Decimal(amount), currency=currency)
        for n, book, amount, currency in lines
    )


@pytest.mark.parametrize(("lines", "words"), RAW)
def test_each_posting_and_currency_balances_by_itself(lines: list[tuple[int, str, str, str]], words: str) -> None:
    with pytest.raises(IntegrityError, match=words):
        write_raw(lines)
    assert on_the_books() == (0, 0, 0, 0)
