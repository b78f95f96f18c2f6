"""Credit on invoices: as much as fits, part of it back by a refund, all of it back by a void."""

from datetime import date, timedelta
from decimal import Decimal

import pytest

from loyalty.core.errors import DomainError
from loyalty.core.people.models import User
from rewards.breakage.queries import cohorts_of, moves
from rewards.ledger.invoices import give_back, redeem_up_to, void
from rewards.ledger.models import CreditLot, Posting
from rewards.ledger.queries import liability, lot_rooms, rollforward
from rewards.ledger.reconciliation import check
from rewards.ledger.verbs import issue_credit, reverse
from rewards.offers.models import Grant
from tests.factories import AccountFactory, OfferFactory

pytestmark = pytest.mark.django_db
TODAY = date(2026, 11, 22)
D = Decimal


@pytest.fixture
def account_id() -> int:
    """$50 until 2 Dec 2026, and $300 until the year after."""
    account = AccountFactory()
    for amount, days in ((50, 10), (300, 365)):
        offer = OfferFactory(account=account, face_value=D(amount), state="approved")
        grant = Grant.objects.create(
            offer=offer,
            account=account,
            face_value=D(amount),
            currency="USD",
            expires_on=TODAY + timedelta(days=days),
        )
        issue_credit(grant, booked_on=TODAY, acting_user=None)
    return account.pk


def used(account_id: int, most: int, request: str = "r") -> Posting | None:
    return redeem_up_to(account_id, D(most), "USD", request=request, invoice="1", booked_on=TODAY, acting_user=None)


def refunded(posting: Posting, amount: str, request: str = "f", day: date = TODAY) -> Posting:
    return give_back(posting, D(amount), request=request, reason="Refund", booked_on=day, acting_user=None)


def left(account_id: int) -> list[Decimal]:
    """What is left of each lot, the one that expires first before the other."""
    return [room.left for room in sorted(lot_rooms(account_id, "USD"), key=lambda room: room.expires_on)]


def test_a_credit_larger_than_the_invoice_is_used_in_part(account_id: int) -> None:
    assert used(account_id, 120) is not None
    assert left(account_id) == [D(0), D(230)]
    assert used(account_id, 1000, "s") is not None
    assert left(account_id) == [D(0), D(0)]
    assert used(account_id, 1000, "t") is None
    assert used(account_id, 120) == Posting.objects.get(key="redeem:r")
    with pytest.raises(DomainError, match="takes no credit"):
        used(account_id, 0, "u")
    assert check().problems == []


def test_a_refund_gives_back_to_the_lot_that_was_used_last(account_id: int) -> None:
    redemption = used(account_id, 120)
    assert redemption is not None
    posting = refunded(redemption, "100.00")
    assert refunded(redemption, "100.00") == posting
    assert left(account_id) == [D(30), D(300)]
    with pytest.raises(DomainError, match=r"gave \$100\.00 back already"):
        refunded(redemption, "90.00")
    with pytest.raises(DomainError, match=r"\$20\.00 of credit can come back"):
        refunded(redemption, "20.01", "g")
    for wrong in ("0", "-1", "0.001"):
        with pytest.raises(DomainError, match="can come back"):
            refunded(redemption, wrong, "g")
    (month,) = rollforward([TODAY.replace(day=1)], "USD")
    assert (month.redeemed, month.reversed, month.closing) == (D(120), D(-100), D(330))
    (cohort,) = cohorts_of(moves("USD", TODAY + timedelta(days=1))).values()
    assert (cohort.issued, cohort.redeemed) == (D(350), D(20))
    assert check().problems == []


def test_what_comes_back_after_its_day_expires_at_once(account_id: int) -> None:
    redemption = used(account_id, 120)
    assert redemption is not None
    later = TODAY + timedelta(days=30)
    voided = void(redemption, "Invoice voided", booked_on=later, acting_user=None)
    assert void(redemption, "Invoice voided", booked_on=later, acting_user=None) == voided
    assert left(account_id) == [D(0), D(300)]
    expired = Posting.objects.get(kind="expire")
    assert (expired.booked_on, liability("USD")) == (later, D(300))
    with pytest.raises(DomainError, match="was voided"):
        refunded(redemption, "1", day=later)
    assert check().problems == []


def test_a_void_after_a_refund_gives_back_the_rest(account_id: int, finance: User) -> None:
    redemption = used(account_id, 120)
    assert redemption is not None
    refunded(redemption, "45.50")
    with pytest.raises(DomainError, match="Void the invoice instead"):
        reverse(redemption, "Wrong", acting_user=finance, booked_on=TODAY)
    rest = void(redemption, "Voided", booked_on=TODAY, acting_user=None)
    assert rest is not None
    assert void(redemption, "Voided", booked_on=TODAY, acting_user=None) == rest
    assert left(account_id) == [D(50), D(300)]
    with pytest.raises(DomainError, match="is not reversed"):
        reverse(rest, "Wrong", acting_user=finance, booked_on=TODAY)
    assert check().problems == []


def test_only_what_was_used_comes_back_and_not_before(account_id: int) -> None:
    issue, redemption = Posting.objects.filter(kind="issue")[0], used(account_id, 120)
    assert redemption is not None
    with pytest.raises(DomainError, match="Only credit that was used"):
        refunded(issue, "1")
    with pytest.raises(DomainError, match="before it was used"):
        void(redemption, "Voided", booked_on=TODAY - timedelta(days=1), acting_user=None)
    refunded(redemption, "120")
    assert void(redemption, "Voided", booked_on=TODAY, acting_user=None) is None
    assert CreditLot.objects.count() == 2
    assert liability("USD") == D(350)
