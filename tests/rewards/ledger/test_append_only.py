"""Neither the application nor the owner of the tables can rewrite the ledger (fault row 20)."""

import json
from collections.abc import Iterator
from datetime import date
from decimal import Decimal

import pytest
from django.conf import settings
from django.db import ProgrammingError, connection, transaction
from django.db.utils import IntegrityError

from rewards.ledger.models import LedgerAccount, Posting, PostingLine
from rewards.ledger.verbs import issue_credit
from tests.faults.clients import granted, offers

pytestmark = pytest.mark.django_db
TODAY = date(2026, 11, 22)
TABLES = {
    "rewards_posting": "cause = 'x'",
    "rewards_postingline": "amount = 1",
    "rewards_creditlot": "amount = 1",
    "rewards_ledgeraccount": "name = 'x'",
    "rewards_capentry": "amount = 1",
}


@pytest.fixture
def posting() -> Posting:
    made = issue_credit(granted(offers(1, Decimal(300))[0]), booked_on=TODAY, acting_user=None)
    settle_constraints()
    return made


def settle_constraints() -> None:
    """Check now what PostgreSQL would check at commit."""
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        cursor.execute("SET CONSTRAINTS ALL DEFERRED")


@pytest.fixture
def as_application() -> Iterator[None]:
    """The rest of the test speaks to the database as the role that the application runs as."""
    with connection.cursor() as cursor:
        cursor.execute(f'SET LOCAL ROLE "{settings.DATABASE_APP_ROLE}"')
        yield
        cursor.execute("RESET ROLE")


def refused(statement: str, words: str) -> None:
    with pytest.raises(ProgrammingError, match=words), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(statement)


def rewrites(table: str) -> list[str]:
    return [f"UPDATE {table} SET {TABLES[table]}", f"DELETE FROM {table}", f"TRUNCATE {table} CASCADE"]


@pytest.mark.parametrize("table", TABLES)
def test_the_application_may_not_rewrite_a_row(posting: Posting, table: str, as_application: None) -> None:
    for statement in rewrites(table):
        refused(statement, "permission denied")
    refused(f"ALTER TABLE {table} DISABLE TRIGGER append_only", "must be owner")
    refused(f"DROP TABLE {table}", "must be owner")


def test_the_application_cannot_lift_the_triggers(as_application: None) -> None:
    refused("SET session_replication_role = replica", "permission denied")
    refused(
        "CREATE OR REPLACE FUNCTION refuse_rewrite() RETURNS trigger LANGUAGE sql AS ''", "must be owner|permission"
    )


@pytest.mark.parametrize("table", [t for t in TABLES if t != "rewards_capentry"])
def test_not_even_the_owner_rewrites_a_row(posting: Posting, table: str) -> None:
    for statement in rewrites(table):
        refused(statement, "append-only")
    assert Posting.objects.get() == posting


def test_the_application_can_post(as_application: None, posting: Posting) -> None:
    assert PostingLine.objects.count() == 2


def insert_lines(posting: Posting, lines: list[tuple[str, str]]) -> None:
    """Go round the posting function, as raw SQL would."""
    codes = dict(LedgerAccount.objects.values_list("code", "pk"))
    PostingLine.objects.bulk_create(
        PostingLine(posting=posting, ledger_account_id=codes[code], amount=Decimal(amount), currency="USD")
        for code, amount in lines
    )


@transaction.atomic
def raw_posting(lines: list[tuple[str, str]]) -> None:
    """A posting of its own with these lines, by INSERT."""
    account = offers(1, Decimal(1))[0].account
    posting = Posting.objects.create(key="raw", kind="issue", booked_on=TODAY, account=account, cause="raw")
    if lines:
        insert_lines(posting, lines)
    settle_constraints()


@pytest.mark.parametrize(
    ("lines", "words"),
    [
        ([("reward_cost", "10.00"), ("credit_liability", "-9.99")], "does not balance: its lines sum to 0.01 USD"),
        ([("reward_cost", "10.00")], "does not balance"),
        ([], "has no lines"),
    ],
)
def test_raw_lines_that_do_not_balance_are_refused(lines: list[tuple[str, str]], words: str) -> None:
    with pytest.raises(IntegrityError, match=words):
        raw_posting(lines)
    assert (Posting.objects.count(), PostingLine.objects.count()) == (0, 0)


def test_lines_cannot_be_added_to_a_posting_later(posting: Posting) -> None:
    with pytest.raises(IntegrityError, match="has its lines already"), transaction.atomic():
        insert_lines(posting, [("reward_cost", "5.00"), ("receivable", "-5.00")])
    assert PostingLine.objects.count() == 2


def test_an_account_outside_the_chart_is_refused(posting: Posting) -> None:
    lines = [("slush", "5"), ("receivable", "5"), ("receivable", "-5")]
    told = json.dumps([{"book": book, "amount": amount, "currency": "USD"} for book, amount in lines])
    with pytest.raises(IntegrityError, match="names an account that the chart does not have"), transaction.atomic():
        connection.cursor().execute(
            "SELECT ledger_post('k', 'issue', %s, %s, 'c', NULL, %s::jsonb, NULL, 'x', 'x', '{}', 'x')",
            [TODAY, posting.account_id, told],
        )
    assert Posting.objects.get() == posting
