"""The check: a plain sentence when all adds up, the row by its name when not."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date, timedelta
from decimal import Decimal
from io import StringIO

import pytest
from django.core.management import CommandError, call_command
from django.db import connection

from loyalty.core.people.models import User
from rewards.caps.rules import CapPeriodKind, CapScope
from rewards.caps.setting import NewCap, create_cap
from rewards.ledger.models import Posting
from rewards.ledger.reconciliation import check
from rewards.ledger.verbs import issue_credit, redeem, reverse
from rewards.offers.models import Grant, Offer
from tests.factories import OfferFactory

pytestmark = pytest.mark.django_db
TODAY = date(2026, 11, 22)


def granted() -> Grant:
    offer = OfferFactory()
    Offer.objects.filter(pk=offer.pk).update(state="approved")
    return Grant.objects.create(
        offer=offer,
        account_id=offer.account_id,
        face_value=Decimal("300.00"),
        currency="USD",
        expires_on=TODAY + timedelta(days=365),
    )


@pytest.fixture
def posting(finance: User) -> Posting:
    """One granted credit on the books, under one cap."""
    grant = granted()
    terms = NewCap("Programme", CapScope.PROGRAMME, "", CapPeriodKind.TOTAL, Decimal(1000), True)
    create_cap(terms, acting_user=finance)
    return issue_credit(grant, booked_on=TODAY, acting_user=finance)


@contextmanager
def superuser_at_work() -> Iterator[None]:
    """What only somebody above the application can do: switch the triggers off."""
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL session_replication_role = replica")
        yield
        cursor.execute("SET LOCAL session_replication_role = origin")


def problems() -> list[tuple[str, str]]:
    return [(p.row, p.what) for p in check().problems]


def test_it_says_what_was_proved(posting: Posting) -> None:
    out = StringIO()
    call_command("check_ledger", stdout=out)
    assert out.getvalue() == (
        "The ledger adds up: 1 posting, 2 lines, liability $300.00 = roll-forward closing $300.00"
        " = left of the lots $300.00, 1 cap period.\n"
    )


def test_empty_books_add_up() -> None:
    assert check().statement == "0 postings, 0 lines, 0 cap periods"
    assert check().problems == []


def test_reversals_and_redemptions_add_up(posting: Posting, finance: User) -> None:
    used = redeem(posting.account_id, Decimal(7), "USD", request="r", invoice="1", booked_on=TODAY, acting_user=None)
    reverse(used, "Invoice voided", acting_user=finance, booked_on=TODAY)
    reverse(posting, "By mistake", acting_user=finance, booked_on=TODAY)
    assert problems() == []
    assert check().statement.startswith("4 postings, 8 lines, liability $0.00 = ")


ALTERED = [
    (
        "UPDATE rewards_postingline SET amount = 301 WHERE amount > 0",
        [("posting {p}", "debits equal credits"), ("posting {p}", "the audit tells the same")],
    ),
    (
        "UPDATE rewards_postingline SET amount = amount * 2",
        [
            ("lot {l}", "no lot is below zero or above its amount"),
            ("posting {p}", "each issue has its grant"),
            ("posting {p}", "the audit tells the same"),
        ],
    ),
    ("UPDATE rewards_posting SET booked_on = '2026-10-01'", [("posting {p}", "the audit tells the same")]),
    ("UPDATE rewards_capperiod SET spent = 200", [("cap period {c}", "cap counters equal their entries")]),
    (
        "DELETE FROM rewards_postingline WHERE amount > 0",
        [
            ("posting {p}", "debits equal credits"),
            ("posting {p}", "a posting has two sides"),
            ("posting {p}", "the audit tells the same"),
        ],
    ),
]


@pytest.mark.parametrize(("statement", "found"), ALTERED, ids=[s for s, _ in ALTERED])
def test_a_row_that_somebody_altered_is_named(posting: Posting, statement: str, found: list[tuple[str, str]]) -> None:
    with superuser_at_work(), connection.cursor() as cursor:
        cursor.execute(statement)
    lot = Grant.objects.get().lot
    ids = {"p": posting.pk, "l": lot.pk, "c": Offer.objects.get().cap_entries.first().period_id}  # type: ignore[union-attr]
    assert problems() == [(row.format(**ids), what) for row, what in found]
    out = StringIO()
    with pytest.raises(CommandError) as refusal:
        call_command("check_ledger", stdout=out)
    assert refusal.value.returncode == 1
    assert found[0][0].format(**ids) in out.getvalue()


def test_a_grant_that_never_reached_the_ledger_is_named() -> None:
    grant = granted()
    assert problems() == [(f"grant {grant.pk}", "each granted credit is on the ledger")]
