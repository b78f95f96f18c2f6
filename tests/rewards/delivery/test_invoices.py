"""Credits on renewal and expansion invoices: each invoice lowered once, by what is there; void ones give it back."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.utils import timezone

from accounts.records.models import Account, Invoice
from loyalty.core.changes.models import ChangeRequest
from loyalty.core.people.models import User
from rewards.delivery.invoices import settling
from rewards.delivery.invoices.models import BillingSettings, InvoiceCredit
from rewards.delivery.invoices.settling import settle_invoices
from rewards.ledger.models import Posting
from rewards.ledger.queries import liability
from rewards.ledger.reconciliation import check
from tests.factories import AccountFactory
from tests.factories.grants import granted

pytestmark = pytest.mark.django_db


@pytest.fixture
def switched_on(db: None) -> None:
    BillingSettings.objects.create(pk=1, connector="file")


@pytest.fixture
def acme() -> Account:
    return AccountFactory(name="=Acme")


def credit(account: Account, amount: str, days: int = 30) -> None:
    granted(amount, account=account, issued_on=timezone.now().date(), days=days)


def invoice(account: Account, due: str = "100.00", cause: str = "subscription_cycle", **of: Any) -> Invoice:
    told: dict[str, Any] = {
        "external_id": f"in_{Invoice.objects.count()}",
        "number": "A-1",
        "status": "open",
        "currency": "USD",
        "paid": Decimal(0),
        "issued_at": datetime(2026, 3, 1, tzinfo=UTC),
        "told_at": datetime(2026, 3, 1, tzinfo=UTC),
        "told_as": "evt_1",
    }
    return Invoice.objects.create(account=account, due=Decimal(due), cause=cause, **(told | of))


def states() -> list[tuple[str, Decimal | None]]:
    return list(InvoiceCredit.objects.order_by("id").values_list("state", "amount"))


@pytest.mark.usefixtures("switched_on")
@pytest.mark.parametrize(
    ("held", "due", "used", "left"),
    [("30.00", "100.00", "30.00", "0"), ("100.00", "100.00", "100.00", "0"), ("250.00", "100.00", "100.00", "150.00")],
)
def test_partial_whole_and_over_large(acme: Account, held: str, due: str, used: str, left: str) -> None:
    credit(acme, held)
    invoice(acme, due)
    assert [settle_invoices(timezone.now()) for _ in range(2)] == [1, 0]
    assert states() == [("applied", Decimal(used))]
    assert liability("USD") == Decimal(left)
    assert check().problems == []


@pytest.mark.usefixtures("switched_on")
@pytest.mark.parametrize("cause", ["subscription_create", "manual", ""])
def test_only_renewals_and_expansions(acme: Account, cause: str) -> None:
    credit(acme, "50.00")
    invoice(acme, cause=cause)
    assert states() == []
    invoice(acme, cause="subscription_update")
    settle_invoices(timezone.now())
    assert states() == [("applied", Decimal(50))]


@pytest.mark.usefixtures("switched_on")
def test_no_credit_and_paid_meanwhile_take_nothing(acme: Account) -> None:
    invoice(acme)
    paid = invoice(AccountFactory())
    credit(paid.account, "10.00")
    Invoice.objects.filter(pk=paid.pk).update(status="paid")
    settle_invoices(timezone.now())
    assert states() == [("nothing", None), ("nothing", None)]
    assert liability("USD") == 10


def test_switched_off_nothing_is_noted(acme: Account) -> None:
    credit(acme, "50.00")
    invoice(acme)
    assert settle_invoices(timezone.now()) == 0
    assert states() == []


@pytest.mark.usefixtures("switched_on")
def test_told_again_it_is_lowered_once(acme: Account) -> None:
    credit(acme, "500.00")
    bill = invoice(acme)
    settle_invoices(timezone.now())
    Invoice.objects.filter(pk=bill.pk).update(told_as="evt_2")
    settle_invoices(timezone.now())
    assert states() == [("applied", Decimal(100))]
    assert Posting.objects.filter(kind="redeem").count() == 1


@pytest.mark.usefixtures("switched_on")
def test_a_void_invoice_gives_back_once_and_what_is_late_lapses_at_once(acme: Account) -> None:
    credit(acme, "30.00", days=2)
    credit(acme, "90.00", days=60)
    bill = invoice(acme)
    now = timezone.now()
    settle_invoices(now)
    assert liability("USD") == 20
    for _ in range(2):
        Invoice.objects.filter(pk=bill.pk).update(status="void")
        settle_invoices(now + timedelta(days=5))
    assert states() == [("given_back", Decimal(100))]
    assert liability("USD") == 90
    assert sorted(Posting.objects.values_list("kind", flat=True)) == ["expire", "issue", "issue", "redeem", "reverse"]
    assert check().problems == []


@pytest.mark.usefixtures("switched_on")
def test_void_before_it_was_lowered_takes_nothing(acme: Account) -> None:
    credit(acme, "30.00")
    bill = invoice(acme)
    Invoice.objects.filter(pk=bill.pk).update(status="void")
    assert settle_invoices(timezone.now()) == 0
    assert states() == [("nothing", None)]


@pytest.mark.usefixtures("switched_on")
def test_whoever_dies_in_the_middle_has_done_nothing(acme: Account, monkeypatch: pytest.MonkeyPatch) -> None:
    credit(acme, "30.00")
    invoice(acme)

    def use_and_die(*args: Any, **kwargs: Any) -> Posting:
        real(*args, **kwargs)
        raise SystemExit

    real = settling.redeem_up_to
    monkeypatch.setattr(settling, "redeem_up_to", use_and_die)
    with pytest.raises(SystemExit):
        settle_invoices(timezone.now())
    assert (states(), liability("USD")) == ([("due", None)], 30)
    monkeypatch.setattr(settling, "redeem_up_to", real)
    settle_invoices(timezone.now())
    assert (states(), liability("USD")) == ([("applied", Decimal(30))], 0)


@pytest.mark.django_db(transaction=True)
def test_four_workers_and_one_credit(switched_on: None, acme: Account) -> None:
    credit(acme, "250.00")
    for _ in range(4):
        invoice(acme)

    def work(_: int) -> int:
        try:
            return settle_invoices(timezone.now())
        finally:
            connection.close()

    with ThreadPoolExecutor(4) as pool:
        assert sum(pool.map(work, range(4))) == 4
    assert sorted(str(amount) for _, amount in states()) == ["100.00", "100.00", "50.00", "None"]
    assert liability("USD") == 0


def test_finance_switches_it_on_and_off_by_request(
    acme: Account, finance: User, cs: User, signed_in_as: Callable[[User], Client]
) -> None:
    typed = {"connector": "file", "reason": "Renewals begin"}
    assert signed_in_as(cs).post("/ledger/invoices/", typed).status_code == 302
    assert ChangeRequest.objects.count() == 1
    assert BillingSettings.objects.get().connector == "off"
    assert signed_in_as(finance).post("/ledger/invoices/", typed).status_code == 302
    assert BillingSettings.objects.get().connector == "file"
    signed_in_as(finance).post("/ledger/invoices/", {"connector": "off", "reason": "Stop"})
    assert (BillingSettings.objects.get().connector, ChangeRequest.objects.count()) == ("file", 2)
    credit(acme, "30.00")
    invoice(acme)
    settle_invoices(timezone.now())
    browser = signed_in_as(finance)
    assert "A-1" in browser.get("/ledger/invoices/").content.decode()
    lines = b"".join(browser.get("/ledger/invoices/?format=csv").streaming_content).decode().splitlines()
    assert lines[1].startswith("A-1,in_0,'=Acme,")
    assert ",30.00,USD,100.00,applied," in lines[1]
