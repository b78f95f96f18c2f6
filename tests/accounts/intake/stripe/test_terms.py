"""What a subscription of Stripe says in our words."""

from datetime import date
from decimal import Decimal
from typing import Any

import pytest

from accounts.intake.stripe.shapes import Subscription
from accounts.intake.stripe.terms import Telling, telling
from accounts.records.terms import Terms
from tests.accounts.intake.stripe.objects import at, item, subscription

CREATED = at("2026-03-10 12:00")


def told(*items: dict[str, Any], created: int = CREATED, **more: Any) -> Telling | None:
    return telling(Subscription.model_validate(subscription(*items, **more)), created, {})


def terms(*items: dict[str, Any], **more: Any) -> Terms:
    found = told(*items, **more)
    assert found
    return found.terms


def test_an_ordinary_subscription() -> None:
    assert told(item(2000, quantity=5)) == Telling(
        external_id="sub_1",
        terms=Terms(
            plan="Team",
            billing_frequency="monthly",
            seats=5,
            mrr=Decimal("100.00"),
            currency="USD",
            renews_on=date(2026, 4, 1),
            discounts_of="cus_1",
        ),
        from_day=date(2026, 3, 10),
        starts_on=date(2026, 3, 1),
    )


@pytest.mark.parametrize(
    ("line", "frequency"),
    [
        (item(interval="month"), "monthly"),
        (item(interval="month", count=12), "annual"),
        (item(interval="year"), "annual"),
        (item(interval="year", count=2), "multi_year"),
        (item(interval="month", count=36), "multi_year"),
        (item(interval="month", count=3), ""),
        (item(interval="week"), ""),
    ],
)
def test_how_often_it_is_billed(line: dict[str, Any], frequency: str) -> None:
    assert terms(line).billing_frequency == frequency


def test_the_item_that_brings_the_most_names_plan_and_renewal() -> None:
    main = item(120000, "year", ends=at("2027-03-01"), nickname="Scale")
    assert terms(item(500, nickname="Support"), main) == Terms(
        plan="Scale",
        billing_frequency="annual",
        seats=2,
        mrr=Decimal("105.00"),
        currency="USD",
        renews_on=date(2027, 3, 1),
        discounts_of="cus_1",
    )


@pytest.mark.parametrize(
    ("price", "plan"),
    [
        ({"nickname": "Team", "product": {"id": "prod_1", "name": "Suite"}}, "Team"),
        ({"nickname": None, "product": {"id": "prod_1", "name": "Suite"}}, "Suite"),
        ({"nickname": None, "lookup_key": "team_monthly"}, "team_monthly"),
        ({"nickname": None}, "prod_1"),
        ({"nickname": None, "product": None}, ""),
        ({"nickname": "x" * 300}, "x" * 100),
    ],
)
def test_what_the_plan_is_called(price: dict[str, Any], plan: str) -> None:
    assert terms(item(**price)).plan == plan


def test_the_renewal_of_older_versions_of_the_api_stands_on_the_subscription() -> None:
    assert terms(item(ends=None), current_period_end=at("2026-04-05")).renews_on == date(2026, 4, 5)
    assert terms(item(ends=at("2026-04-01")), current_period_end=at("2026-04-05")).renews_on == date(2026, 4, 1)
    assert terms(item(ends=None)).renews_on is None


def test_a_trial() -> None:
    trial = terms(item(2000), status="trialing", trial_end=at("2026-03-15"))
    assert (trial.is_trial, trial.mrr) == (True, Decimal("20.00"))


@pytest.mark.parametrize(
    ("more", "mrr"),
    [
        ({"status": "past_due"}, "20.00"),
        ({"status": "unpaid"}, "0.00"),
        ({"status": "paused"}, "0.00"),
        ({"pause_collection": {"behavior": "void"}}, "0.00"),
        ({"pause_collection": {"behavior": "mark_uncollectible"}}, "0.00"),
        ({"pause_collection": {"behavior": "keep_as_draft"}}, "20.00"),
    ],
)
def test_what_brings_nothing_in_is_worth_nothing(more: dict[str, Any], mrr: str) -> None:
    assert terms(item(2000), **more).mrr == Decimal(mrr)


@pytest.mark.parametrize("status", ["incomplete", "incomplete_expired"])
def test_what_was_never_paid_for_is_no_subscription(status: str) -> None:
    assert told(status=status) is None


@pytest.mark.parametrize(
    ("more", "ends_on"),
    [
        ({"cancel_at_period_end": True}, date(2026, 4, 1)),
        ({"cancel_at": at("2026-05-06 07:00")}, date(2026, 5, 6)),
        ({"cancel_at_period_end": True, "cancel_at": at("2026-04-01")}, date(2026, 4, 1)),
    ],
)
def test_a_wish_to_cancel(more: dict[str, Any], ends_on: date) -> None:
    wished = terms(item(2000), canceled_at=CREATED, **more)
    assert (wished.is_cancelling, wished.ends_on, wished.renews_on) == (True, ends_on, None)
    assert wished.mrr == Decimal("20.00")


def test_an_end_counts_from_its_own_day_even_when_told_the_day_after() -> None:
    ended = told(status="canceled", ended_at=at("2026-03-09 23:59:59"), created=at("2026-03-10 00:00:01"))
    assert ended
    assert (ended.from_day, ended.terms.ends_on, ended.terms.is_cancelling) == (
        date(2026, 3, 9),
        date(2026, 3, 9),
        False,
    )


def test_nothing_is_told_of_the_days_before_the_start() -> None:
    early = told(start_date=at("2026-03-20"))
    assert early
    assert (early.from_day, early.starts_on) == (date(2026, 3, 20), date(2026, 3, 20))


def test_a_part_of_the_items_tells_neither_seats_nor_money() -> None:
    part = {"data": [item()], "has_more": True}
    assert (terms(items=part).seats, terms(items=part).mrr) == (None, None)
