"""Credits on invoices by Stripe: once on the ledger and once there, whatever goes wrong in between."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from decimal import Decimal
from itertools import permutations
from typing import Any

import pytest
from django.db import connection, transaction
from django.utils import timezone

from accounts.intake.stripe.verbs import take_in
from accounts.records.models import Account
from accounts.sources.models import Source
from accounts.sources.queries import Sender
from accounts.sources.rules import Kind
from loyalty.core.errors import DomainError
from loyalty.core.notices.models import Notice
from loyalty.core.people.models import User
from rewards.delivery.billing.connecting import connect, connection_now
from rewards.delivery.invoices import sending
from rewards.delivery.invoices.models import BalanceChange, InvoiceCredit
from rewards.delivery.invoices.sending import claim, send_balance_changes
from rewards.delivery.invoices.settling import settle_invoices
from rewards.delivery.invoices.verbs import send_again
from rewards.ledger.queries import liability
from rewards.ledger.reconciliation import check
from tests.factories import AccountFactory
from tests.factories.grants import granted
from tests.rewards.delivery.stripe_api import Fault, Object, StripeStandIn

pytestmark = pytest.mark.django_db
FAULTS = [[fault] for fault in Fault] + [[Fault.ERROR_BEFORE, Fault.ERROR_AFTER], [Fault.TOO_MANY, Fault.LOST_ANSWER]]


@pytest.fixture
def acme(stripe: StripeStandIn) -> Account:
    """An account with $150.00 of credit, whose customer of Stripe bears the same id."""
    account: Account = AccountFactory(external_id="cus_1", name="Acme")
    granted("150.00", account=account, issued_on=timezone.now().date(), days=60)
    return account


@pytest.fixture
def tell(db: None) -> Callable[..., None]:
    source = Source.objects.create(name="Billing")
    sender = Sender(source.pk, source.name, frozenset({Kind.SUBSCRIPTION}), is_heard=False)

    def event(step: str, invoice: Object, after: int = 0) -> None:
        now = timezone.now()
        told = {
            "id": f"evt_{invoice['id']}_{step}_{after}",
            "type": f"invoice.{step}",
            "created": int(now.timestamp()) - 100 + after,
            "data": {"object": invoice},
        }
        assert not take_in(sender, told, now=now).refused

    return event


def work(rounds: int = 6) -> None:
    """What workers do in time: settle and send, each wait being over."""
    for _ in range(rounds):
        settle_invoices(timezone.now())
        BalanceChange.objects.filter(state="waiting").update(due_at=timezone.now())
        send_balance_changes()


def standing() -> tuple[str, Decimal | None]:
    return InvoiceCredit.objects.values_list("state", "amount").get()


def books(owed: str) -> None:
    assert liability("USD") == Decimal(owed)
    assert check().problems == []


def test_a_draft_is_lowered_when_it_is_finalised(stripe: StripeStandIn, acme: Account, tell: Any) -> None:
    tell("created", stripe.draft("in_1", 10000))
    work()
    assert standing() == ("applied", Decimal("100.00"))
    assert stripe.ours("cus_1") == [-10000]
    final = stripe.finalise("in_1")
    assert (final["amount_due"], final["status"]) == (0, "paid")
    tell("finalized", final, 1)
    work()
    assert standing() == ("applied", Decimal("100.00"))
    assert InvoiceCredit.objects.get().is_final
    assert (stripe.balance("cus_1"), stripe.ours("cus_1")) == (0, [-10000])
    books("50.00")


@pytest.mark.parametrize("faults", FAULTS, ids=lambda faults: "+".join(f.name.lower() for f in faults))
def test_once_on_both_sides_whatever_goes_wrong(
    stripe: StripeStandIn, acme: Account, tell: Any, faults: list[Fault]
) -> None:
    tell("created", stripe.draft("in_1", 10000))
    stripe.faults = list(faults)
    work()
    assert (standing(), stripe.ours("cus_1")) == (("applied", Decimal("100.00")), [-10000])
    books("50.00")
    # The same on the way back: the invoice is voided.
    stripe.finalise("in_1")
    stripe.faults = list(faults)
    tell("voided", stripe.void("in_1"), 2)
    work()
    assert (standing(), stripe.ours("cus_1")) == (("given_back", Decimal("100.00")), [-10000, 10000])
    assert stripe.balance("cus_1") == 0
    books("150.00")


def test_who_is_asked_to_wait_waits_as_long(stripe: StripeStandIn, acme: Account, tell: Any) -> None:
    tell("created", stripe.draft("in_1", 10000))
    stripe.faults = [Fault.TOO_MANY]
    begun = timezone.now()
    settle_invoices(begun)
    assert [send_balance_changes() for _ in range(2)] == [0, 0]
    assert BalanceChange.objects.get().due_at >= begun + timedelta(seconds=700)
    assert len(stripe.posted) == 1


def test_a_worker_that_dies_after_it_asked(
    stripe: StripeStandIn, acme: Account, tell: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    tell("created", stripe.draft("in_1", 10000))
    settle_invoices(timezone.now())

    def die(*args: Any) -> bool:
        raise SystemExit

    with monkeypatch.context() as dying:
        dying.setattr(sending, "note", die)
        with pytest.raises(SystemExit):
            send_balance_changes()
    assert stripe.ours("cus_1") == [-10000]
    assert claim() is None
    # Meanwhile the invoice is deleted: nothing is given back before it is known what became of it.
    tell("deleted", stripe.void("in_1"), 1)
    assert settle_invoices(timezone.now()) == 0
    books("50.00")
    BalanceChange.objects.update(lease_until=timezone.now() - timedelta(seconds=1))
    work()
    assert (standing()[0], stripe.ours("cus_1")) == ("given_back", [-10000, 10000])
    books("150.00")


def test_what_stripe_refuses_is_the_customers_again(
    stripe: StripeStandIn, acme: Account, tell: Any, finance: User, cs: User
) -> None:
    tell("created", stripe.draft("in_1", 10000))
    del stripe.transactions["cus_1"]
    work()
    credit = InvoiceCredit.objects.get()
    assert (credit.state, "No such customer" in credit.why) == ("refused", True)
    assert Notice.objects.filter(person=finance, url=f"/ledger/invoices/{credit.pk}/").count() == 1
    books("150.00")
    with pytest.raises(DomainError):
        send_again(credit.pk, acting_user=cs)
    stripe.customer("cus_1")
    send_again(credit.pk, acting_user=finance)
    work()
    assert (standing(), stripe.ours("cus_1")) == (("applied", Decimal("100.00")), [-10000])
    books("50.00")


def test_a_key_that_is_let_in_no_more_holds_all_until_there_is_another(
    stripe: StripeStandIn, acme: Account, tell: Any, finance: User
) -> None:
    tell("created", stripe.draft("in_1", 10000))
    stripe.keys = {"rk_test_another"}
    work()
    kept = connection_now()
    assert kept is not None
    assert kept.locked_out_at is not None
    assert (len(stripe.posted), Notice.objects.filter(person=finance).count()) == (0, 1)
    connect("rk_test_another", acting_user=finance)
    work()
    assert (standing(), stripe.ours("cus_1")) == (("applied", Decimal("100.00")), [-10000])


def test_days_of_silence_are_a_case_for_a_person(
    stripe: StripeStandIn, acme: Account, tell: Any, finance: User
) -> None:
    tell("created", stripe.draft("in_1", 10000))
    stripe.faults = [Fault.LOST_REQUEST] * 14
    work(16)
    assert BalanceChange.objects.get().state == "failed"
    assert Notice.objects.filter(person=finance).count() == 1
    send_again(InvoiceCredit.objects.get().pk, acting_user=finance)
    work(1)
    assert (standing()[0], stripe.ours("cus_1")) == ("applied", [-10000])


def test_an_invoice_that_was_finalised_first_is_not_lowered(stripe: StripeStandIn, acme: Account, tell: Any) -> None:
    tell("created", stripe.draft("in_1", 10000))
    settle_invoices(timezone.now())
    books("50.00")
    tell("finalized", stripe.finalise("in_1"), 1)
    work()
    assert (standing()[0], stripe.posted) == ("late", [])
    books("150.00")
    tell("finalized", stripe.draft("in_2", 5000, status="open", billing_reason="subscription_update"), 2)
    work()
    assert list(InvoiceCredit.objects.order_by("pk").values_list("state", flat=True)) == ["late", "late"]


@pytest.mark.parametrize(("total", "left"), [(10000, "50.00"), (4000, "110.00")])
def test_what_came_too_late_or_was_not_needed_is_taken_back(
    stripe: StripeStandIn, acme: Account, tell: Any, total: int, left: str
) -> None:
    """The answer is lost and the invoice finalised meanwhile: before the credit came, or for less than was asked."""
    tell("created", stripe.draft("in_1", 10000))
    stripe.faults = [Fault.LOST_ANSWER]
    settle_invoices(timezone.now())
    send_balance_changes()
    stripe.invoices["in_1"]["total"] = total
    stripe.clock = lambda: int(timezone.now().timestamp()) + 60
    tell("finalized", stripe.finalise("in_1"), 1)
    work()
    assert stripe.balance("cus_1") == 0
    assert standing() == ("applied", Decimal(total) / 100)
    books(left)


def test_credit_that_arrived_after_the_invoice_was_finalised_comes_back_whole(
    stripe: StripeStandIn, acme: Account, tell: Any
) -> None:
    tell("created", stripe.draft("in_1", 10000))
    final = stripe.finalise("in_1")
    stripe.clock = lambda: int(timezone.now().timestamp()) + 60
    work()
    assert stripe.balance("cus_1") == -10000
    tell("finalized", final, 1)
    work()
    assert (standing(), stripe.balance("cus_1")) == (("late", Decimal(0)), 0)
    books("150.00")


def test_the_same_in_every_order_of_the_events(stripe: StripeStandIn, acme: Account, tell: Any) -> None:
    """Created, changed, finalised, voided, told in each order: the customer has all of the credit again."""
    for number, order in enumerate(permutations(range(4))):
        name = f"in_{number}"
        steps = [("created", stripe.draft(name, 9000)), ("updated", stripe.draft(name, 10000))]
        steps += [("finalized", stripe.finalise(name)), ("voided", stripe.void(name))]
        for place in order:
            tell(steps[place][0], steps[place][1], place)
            work(number % 2)
        work(2)
        assert (liability("USD"), stripe.balance("cus_1")) == (150, 0), order
    books("150.00")


@pytest.mark.django_db(transaction=True)
def test_four_workers_send_each_once(stripe: StripeStandIn, acme: Account, tell: Any) -> None:
    for number in range(6):
        other: Account = AccountFactory(external_id=f"cus_{number + 10}")
        granted("20.00", account=other, issued_on=timezone.now().date(), days=60)
        tell("created", stripe.draft(f"in_{number}", 5000, customer=other.external_id))

    def worker(_: int) -> int:
        try:
            settle_invoices(timezone.now())
            return send_balance_changes()
        finally:
            connection.close()

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(worker, range(4)))
    work(1)
    assert [stripe.ours(f"cus_{number + 10}") for number in range(6)] == [[-2000]] * 6
    assert set(InvoiceCredit.objects.values_list("state", flat=True)) == {"applied"}
    with transaction.atomic():
        books("150.00")
