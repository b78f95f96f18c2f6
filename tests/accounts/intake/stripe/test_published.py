"""Results that billing and analytics companies have published, through the webhook to the movements.

Sources: support.stripe.com/questions/billing-analytics and
docs.stripe.com/billing/subscriptions/analytics/glossary (the formula there
misprints 800/12; 600/12 is what gives the 12,500 that it states);
help.chartmogul.com/hc/en-us/articles/201244842 for the life of one customer.
"""

from datetime import date
from decimal import Decimal
from typing import Any

import pytest

from accounts.facts.models import AccountFacts
from accounts.facts.verbs import refresh_dirty
from accounts.intake.stripe.verbs import take_in
from accounts.records.models import Account
from accounts.records.movements import Step, movements
from tests.accounts.intake.stripe.conftest import NOW, Send
from tests.accounts.intake.stripe.objects import Object, at, coupon, event, item, subscription
from tests.accounts.intake.stripe.test_any_order import sender_of_billing
from tests.factories import AccountFactory

CREATED, UPDATED, DELETED = (f"customer.subscription.{step}" for step in ("created", "updated", "deleted"))
DAY = date(2026, 3, 31)


def moved(last: date = date(2027, 1, 1), step: Step = Step.DAY) -> list[tuple[str, str, Decimal]]:
    return [(f"{m.day}", m.kind.value, m.amount) for m in movements(date(2025, 1, 1), last, step=step)]


def ended(which: str, text: str, *items: Object, start: str = "2026-01-01") -> Object:
    about = subscription(*items, id=which, status="canceled", ended_at=at(text), start_date=at(start))
    return event(DELETED, about, at(text), f"evt_{which}_{text}")


@pytest.mark.parametrize(
    ("line", "more", "mrr"),
    [
        (item(10000), {"discounts": [coupon(50)]}, "50.00"),
        (item(10000), {"discounts": [coupon(50, duration="once")]}, "100.00"),
        (item(10000), {"discounts": [coupon(50, duration="repeating", end=at("2026-06-01"))]}, "100.00"),
        (item(10000), {"status": "trialing"}, "0.00"),
        (item(120000, "year"), {}, "100.00"),
    ],
)
def test_what_a_subscription_is_worth(send: Send, acme: Account, line: Object, more: dict[str, Any], mrr: str) -> None:
    send(event(CREATED, subscription(line, **more), at("2026-03-01")))
    refresh_dirty(10, up_to=DAY)
    assert AccountFacts.objects.get(account=acme, day=DAY).mrr == Decimal(mrr)
    assert [m.amount for m in movements(date(2026, 1, 1), DAY)] == [Decimal(mrr)] * (mrr != "0.00")


@pytest.mark.django_db
def test_a_hundred_on_one_plan_and_fifty_on_another() -> None:
    sender = sender_of_billing()
    lines = [item(10000)] * 100 + [item(60000, "year")] * 50
    for n, line in enumerate(lines):
        AccountFactory(external_id=f"cus_{n}")
        about = subscription(line, id=f"sub_{n}", customer=f"cus_{n}")
        take_in(sender, event(CREATED, about, at("2026-03-01"), f"evt_{n}"), now=NOW)
    assert sum(m.mrr for m in movements(date(2026, 3, 1), DAY)) == Decimal("12500.00")


def test_of_two_subscriptions_the_first_end_is_a_contraction_and_the_second_churn(send: Send, acme: Account) -> None:
    for which in ("sub_1", "sub_2"):
        about = subscription(item(10000), id=which, start_date=at("2026-01-01"))
        send(event(CREATED, about, at("2026-01-01"), f"evt_{which}"))
    send(ended("sub_1", "2026-02-10", item(10000)))
    send(ended("sub_2", "2026-02-20", item(10000)))
    assert moved() == [
        ("2026-01-01", "new", Decimal("200.00")),
        ("2026-02-10", "contraction", Decimal("-100.00")),
        ("2026-02-20", "churn", Decimal("-100.00")),
    ]


class TestPaused:
    @pytest.fixture(autouse=True)
    def _paused(self, send: Send, acme: Account) -> None:
        """100.00 a month from 1 September; nothing billed from 1 October on."""
        self.send = send
        self.tell("2025-09-01")
        self.tell("2025-10-01", pause_collection={"behavior": "void"})

    def tell(self, text: str, **more: Any) -> None:
        about = subscription(item(10000), start_date=at("2025-09-01"), **more)
        self.send(event(UPDATED, about, at(text), f"evt_{text}"))

    def test_a_contraction_and_churn_after_90_days(self) -> None:
        begun = [("2025-09-01", "new", Decimal("100.00")), ("2025-10-01", "contraction", Decimal("-100.00"))]
        assert moved(date(2025, 12, 29)) == begun
        assert moved() == [*begun, ("2025-12-30", "churn", Decimal("0.00"))]
        assert moved(step=Step.MONTH)[1:] == [
            ("2025-10-01", "contraction", Decimal("-100.00")),
            ("2025-12-01", "churn", Decimal("0.00")),
        ]
        assert [m.is_pause for m in movements(date(2025, 1, 1), DAY)] == [False, True, True]

    def test_it_is_worth_nothing_meanwhile(self) -> None:
        refresh_dirty(10, up_to=DAY)
        facts = AccountFacts.objects.filter(day__in=["2025-09-30", "2025-10-01", "2026-03-31"]).order_by("day")
        assert [f.mrr for f in facts] == [Decimal("100.00"), Decimal("0.00"), Decimal("0.00")]

    def test_resumed_in_time_it_is_an_expansion(self) -> None:
        self.tell("2025-11-01")
        assert moved()[2:] == [("2025-11-01", "expansion", Decimal("100.00"))]
        assert movements(date(2025, 11, 1), DAY)[0].is_pause

    def test_resumed_too_late_it_is_a_reactivation(self) -> None:
        self.tell("2026-02-01")
        assert moved()[2:] == [
            ("2025-12-30", "churn", Decimal("0.00")),
            ("2026-02-01", "reactivation", Decimal("100.00")),
        ]

    def test_cancelled_meanwhile_it_is_churn_from_then_on(self) -> None:
        self.send(ended("sub_1", "2025-11-15", item(10000), start="2025-09-01"))
        assert moved()[2:] == [("2025-11-15", "churn", Decimal("0.00"))]

    def test_another_subscription_makes_it_a_plain_contraction(self) -> None:
        about = subscription(item(3000), id="sub_2", start_date=at("2025-09-01"))
        self.send(event(CREATED, about, at("2025-09-01"), "evt_other"))
        assert moved() == [
            ("2025-09-01", "new", Decimal("130.00")),
            ("2025-10-01", "contraction", Decimal("-100.00")),
        ]
        assert not any(m.is_pause for m in movements(date(2025, 1, 1), DAY))

    def test_paused_twice_the_days_are_counted_anew(self) -> None:
        self.tell("2025-12-01")
        self.tell("2026-02-01", pause_collection={"behavior": "mark_uncollectible"})
        assert [kind for _, kind, _ in moved(DAY)] == ["new", "contraction", "expansion", "contraction"]
        assert moved()[-1] == ("2026-05-02", "churn", Decimal("0.00"))


def test_what_was_never_paid_and_is_paused_is_nobodys_loss(send: Send, acme: Account) -> None:
    """A trial that ended without a way to pay."""
    send(event(CREATED, subscription(status="trialing", start_date=at("2026-01-01")), at("2026-01-01")))
    send(event(UPDATED, subscription(status="paused", start_date=at("2026-01-01")), at("2026-01-15")))
    assert moved() == []


def test_churned_and_returned(send: Send, acme: Account) -> None:
    send(event(CREATED, subscription(item(10000), start_date=at("2026-01-01")), at("2026-01-01")))
    send(ended("sub_1", "2026-02-01", item(10000)))
    send(event(CREATED, subscription(item(8000), id="sub_2", start_date=at("2026-03-01")), at("2026-03-01")))
    assert moved() == [
        ("2026-01-01", "new", Decimal("100.00")),
        ("2026-02-01", "churn", Decimal("-100.00")),
        ("2026-03-01", "reactivation", Decimal("80.00")),
    ]


def test_the_life_of_one_customer(send: Send, acme: Account) -> None:
    gold, silver = item(50000, "year", quantity=4, ends=at("2026-02-01")), item(3000, quantity=2)
    of_gold = {"id": "sub_gold", "start_date": at("2025-02-01")}
    of_silver = {"id": "sub_silver", "start_date": at("2025-03-01")}
    send(event(CREATED, subscription(gold, **of_gold), at("2025-02-01")))
    send(event(CREATED, subscription(silver, **of_silver), at("2025-03-01")))
    send(ended("sub_silver", "2025-05-17", silver, start="2025-03-01"))
    send(event(UPDATED, subscription(gold, **of_gold, cancel_at_period_end=True), at("2025-11-20")))
    send(ended("sub_gold", "2026-02-01", gold, start="2025-02-01"))
    send(event(CREATED, subscription(item(5000, quantity=3), start_date=at("2026-03-02")), at("2026-03-02")))
    assert moved() == [
        ("2025-02-01", "new", Decimal("166.67")),
        ("2025-03-01", "expansion", Decimal("60.00")),
        ("2025-05-17", "contraction", Decimal("-60.00")),
        ("2026-02-01", "churn", Decimal("-166.67")),
        ("2026-03-02", "reactivation", Decimal("150.00")),
    ]


def test_a_price_cut_for_good_is_a_contraction(send: Send, acme: Account) -> None:
    send(event(CREATED, subscription(item(10000)), at("2026-03-01")))
    send(event(UPDATED, subscription(item(9500)), at("2026-03-10")))
    assert moved()[1:] == [("2026-03-10", "contraction", Decimal("-5.00"))]
