"""When a referral has converted: once, at the first payment, whatever the order of telling."""

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import pytest
from django.db import connection
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.django import TestCase

from accounts.facts.models import FactsDirty
from accounts.facts.verbs import refresh_dirty
from accounts.records.models import Account
from accounts.records.newest import INVOICES, as_row
from accounts.records.rules import Bill, InvoiceStatus
from accounts.referrals.models import Referral
from accounts.referrals.verbs import detect_referrals
from tests.factories import AccountFactory

NOW = datetime(2026, 3, 20, 9, 0, tzinfo=UTC)
TELL = f"""
WITH told AS (SELECT %s::bigint AS account_id, t.* FROM jsonb_to_record(%s::jsonb) AS t({INVOICES.shape})),
{INVOICES.writing}
SELECT count(*) FROM kept
"""
pytestmark = pytest.mark.django_db


def bill(account: Account, paid_at: datetime | None, amount: str = "100.00", number: str = "1") -> None:
    """An invoice of the account, paid if a moment is given."""
    told = Bill(
        external_id=f"in-{account.pk}-{number}",
        subscription_external_id="",
        number=number,
        status=InvoiceStatus.PAID if paid_at else InvoiceStatus.OPEN,
        cause="",
        currency="USD",
        due=Decimal(amount),
        paid=Decimal(amount) if paid_at else Decimal(0),
        failed_payments=0,
        issued_at=NOW - timedelta(days=400),
        paid_at=paid_at,
    )
    row = as_row(told, told_at=paid_at or NOW - timedelta(days=400), told_as="")
    with connection.cursor() as cursor:
        cursor.execute(TELL, [account.pk, row])


def pair() -> tuple[Account, Account]:
    """Who referred, and who was referred."""
    acme = AccountFactory(external_id="acme")
    return acme, AccountFactory(external_id="beta", referred_by="acme")


def test_the_first_paid_invoice_converts() -> None:
    acme, beta = pair()
    bill(beta, NOW - timedelta(days=1), number="2")
    bill(beta, NOW - timedelta(days=2), number="1")
    assert detect_referrals(None, now=NOW) == 1
    referral = Referral.objects.get()
    assert (referral.referrer, referral.referred, referral.invoice.number) == (acme, beta, "1")
    assert (referral.converted_at, referral.fires) == (NOW - timedelta(days=2), True)
    assert detect_referrals(None, now=NOW) == 0


@pytest.mark.parametrize(("days_ago", "fires"), [(6.9, True), (7, True), (7.1, False)])
def test_a_payment_that_is_told_too_late_fires_nothing(days_ago: float, fires: bool) -> None:
    _, beta = pair()
    bill(beta, NOW - timedelta(days=days_ago))
    detect_referrals(None, now=NOW)
    assert Referral.objects.get().fires is fires


def test_what_is_no_payment_converts_nobody() -> None:
    _, beta = pair()
    bill(beta, None, number="1")
    bill(beta, NOW, amount="0.00", number="2")
    assert detect_referrals(None, now=NOW) == 0


@pytest.mark.parametrize("referred_by", ["", "beta", "nobody"])
def test_who_was_not_referred_by_another_account_is_no_referral(referred_by: str) -> None:
    beta = AccountFactory(external_id="beta", referred_by=referred_by)
    bill(beta, NOW)
    assert detect_referrals(None, now=NOW) == 0


def test_a_payment_converts_as_soon_as_its_account_is_served() -> None:
    _, beta = pair()
    bill(beta, datetime.now(UTC))
    assert [mark.account_id for mark in FactsDirty.objects.all()] == [beta.pk]
    refresh_dirty(10)
    assert Referral.objects.get().fires is True


def test_a_referrer_who_is_told_of_last_converts_with_its_own_mark() -> None:
    beta = AccountFactory(external_id="beta", referred_by="acme")
    bill(beta, NOW)
    detect_referrals([beta.pk], now=NOW)
    assert not Referral.objects.exists()
    acme = AccountFactory(external_id="acme")
    assert detect_referrals([acme.pk], now=NOW) == 1


def test_an_earlier_payment_and_another_referrer_correct_the_row_and_fire_nothing_anew() -> None:
    _, beta = pair()
    bill(beta, NOW, number="2")
    detect_referrals(None, now=NOW)
    first = Referral.objects.get()
    gamma = AccountFactory(external_id="gamma")
    Account.objects.filter(pk=beta.pk).update(referred_by="gamma")
    bill(beta, NOW - timedelta(days=30), number="1")
    assert detect_referrals([beta.pk], now=NOW) == 1
    corrected = Referral.objects.get()
    assert (corrected.pk, corrected.referrer, corrected.fires) == (first.pk, gamma, True)
    assert corrected.converted_at == NOW - timedelta(days=30)


class AnyOrder(TestCase):
    @settings(max_examples=20, deadline=None)
    @given(
        st.permutations(["referrer", "told", "paid 3", "paid 2", "paid 5", "paid 2"]),
        st.sets(st.integers(0, 5)),
    )
    def test_the_same_tellings_make_the_same_referral(self, order: list[str], served: set[int]) -> None:
        beta = AccountFactory(external_id="beta", signed_up_on=date(2026, 1, 1))
        for place, what in enumerate(order):
            if what == "referrer":
                Account.objects.create(external_id="acme", name="Acme")
            elif what == "told":
                Account.objects.filter(pk=beta.pk).update(referred_by="acme")
            else:
                days = int(what.removeprefix("paid "))
                bill(beta, NOW - timedelta(days=days), number=str(days))
            if place in served:
                detect_referrals(None, now=NOW)
        detect_referrals(None, now=NOW)
        row = Referral.objects.get()
        assert (row.referrer.external_id, row.converted_at) == ("acme", NOW - timedelta(days=5))
        assert (row.invoice.number, row.fires) == ("5", True)
