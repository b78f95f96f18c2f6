"""What Stripe's prices come to in a month."""

from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from accounts.intake.stripe.amounts import ZERO_DECIMAL, NotKnown, in_units, mrr, seats
from accounts.intake.stripe.shapes import Coupon, Discount, Item
from accounts.records.rules import LARGEST_MRR, Unpriced
from tests.accounts.intake.stripe.objects import at, coupon, item


def worth(
    *items: dict[str, Any],
    discounts: tuple[Any, ...] = (),
    currency: str = "usd",
    known: dict[str, Coupon] | None = None,
) -> Decimal:
    shaped = [Item.model_validate(each) for each in items]
    coupons = [d if isinstance(d, str) else Discount.model_validate(d) for d in discounts]
    return mrr(shaped, coupons, currency, known or {})


def why_not(*items: dict[str, Any], **more: Any) -> Unpriced:
    with pytest.raises(NotKnown) as found:
        worth(*items, **more)
    return found.value.why


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        (item(2000), "20.00"),
        (item(2000, quantity=7), "140.00"),
        (item(120000, "year"), "100.00"),
        (item(240000, "year", 2), "100.00"),
        (item(30000, "month", 3), "100.00"),
        (item(1000, "week"), "43.33"),
        (item(2000, "week", 2), "43.33"),
        (item(100, "day"), "30.42"),
        (item(0), "0.00"),
        (item(None, unit_amount_decimal="0.5", quantity=1000), "5.00"),
        (item(1, unit_amount_decimal="1.25", quantity=400), "5.00"),
        (item(5000, quantity=11, transform_quantity={"divide_by": 10, "round": "up"}), "100.00"),
        (item(5000, quantity=19, transform_quantity={"divide_by": 10, "round": "down"}), "50.00"),
        (item(999, quantity=None), "9.99"),
    ],
)
def test_one_item_brought_to_a_month(line: dict[str, Any], expected: str) -> None:
    assert worth(line) == Decimal(expected)


@pytest.mark.parametrize(
    ("currency", "expected"), [("jpy", "500.00"), ("KRW", "500.00"), ("kwd", "0.50"), ("isk", "5.00")]
)
def test_currencies_without_cents_and_with_thousandths(currency: str, expected: str) -> None:
    assert worth(item(500, currency=currency), currency=currency) == Decimal(expected)


def test_several_items_are_one_amount_rounded_once() -> None:
    # Each third of a cent would be lost if each line were rounded.
    lines = [item(1, "month", 3)] * 3
    assert worth(*lines) == Decimal("0.01")
    assert worth(item(2000, quantity=3), item(120000, "year"), item(4900)) == Decimal("209.00")


def test_metered_use_is_no_part_of_it() -> None:
    metered = item(7, usage="metered", quantity=None)
    assert worth(item(2000), metered) == Decimal("20.00")
    assert seats([Item.model_validate(each) for each in (item(quantity=4), item(quantity=3), metered)]) == 7


@pytest.mark.parametrize(
    ("line", "why"),
    [
        (item(None), Unpriced.TIERS),
        (item(None, unit_amount_decimal="many"), Unpriced.TIERS),
        (item(None, unit_amount_decimal="NaN"), Unpriced.TIERS),
        (item(10**14, quantity=2**31 - 1), Unpriced.AMOUNT),
    ],
)
def test_an_amount_that_is_not_told_makes_the_whole_unknown(line: dict[str, Any], why: Unpriced) -> None:
    assert why_not(item(2000), line) == why


@pytest.mark.parametrize(
    ("discounts", "expected"),
    [
        ((coupon(25),), "75.00"),
        ((coupon(33.33),), "66.67"),
        ((coupon(100),), "0.00"),
        ((coupon(amount=1500),), "85.00"),
        ((coupon(amount=99999),), "0.00"),
        ((coupon(10), coupon(amount=1000)), "80.00"),
        ((coupon(amount=1000), coupon(10)), "81.00"),
        # Published: support.stripe.com/questions/billing-analytics
        ((coupon(50),), "50.00"),
        ((coupon(50, duration="once"),), "100.00"),
        ((coupon(50, duration="repeating", end=at("2027-01-01")),), "100.00"),
        ((coupon(50, duration="repeating"),), "100.00"),
        (({"source": {"type": "coupon", **coupon(20)}},), "80.00"),
        # Only a coupon that does not last has an end, whoever it is.
        (({"id": "di_1", "source": {"coupon": "co_1"}, "end": at("2027-01-01")},), "100.00"),
    ],
)
def test_coupons_that_last_lower_it(discounts: tuple[Any, ...], expected: str) -> None:
    assert worth(item(10000), discounts=discounts) == Decimal(expected)


@pytest.mark.parametrize("told", ["di_1", {"coupon": "co_1"}, {"source": {"type": "coupon", "coupon": "co_1"}}, {}])
def test_a_coupon_that_is_only_named_makes_it_unknown(told: Any) -> None:
    assert why_not(item(10000), discounts=(told,)) == Unpriced.DISCOUNT


@pytest.mark.parametrize(
    "told",
    [
        "di_1",
        {"id": "di_1", "coupon": "co_1"},
        {"id": "di_1", "source": {"type": "coupon", "coupon": "co_1"}},
        {"coupon": "co_1"},
    ],
)
def test_until_it_is_known(told: Any) -> None:
    known = {"discount di_1": Coupon(percent_off=30), "coupon co_1": Coupon(percent_off=30)}
    assert worth(item(10000), discounts=(told,), known=known) == Decimal("70.00")
    assert worth(item(10000, discounts=[told]), item(10000), known=known) == Decimal("170.00")


def test_a_fixed_amount_of_another_currency_is_not_told() -> None:
    off = {"coupon": {"amount_off": 1000, "currency": "eur"}}
    assert why_not(item(10000), discounts=(off,)) == Unpriced.DISCOUNT
    assert worth(item(10000, currency="eur"), discounts=(off,), currency="eur") == Decimal("90.00")


@pytest.mark.parametrize(("products", "expected"), [(["prod_1", "prod_9"], "90.00"), (["prod_9"], "100.00")])
def test_a_coupon_for_some_products(products: list[str], expected: str) -> None:
    off = {"coupon": {"percent_off": 10, "applies_to": {"products": products}}}
    assert worth(item(10000), discounts=(off,)) == Decimal(expected)
    assert (
        why_not(
            item(10000),
            item(1, product="prod_2"),
            discounts=({"coupon": off["coupon"] | {"applies_to": {"products": ["prod_1"]}}},),
        )
        == Unpriced.DISCOUNT
    )


def test_a_fixed_amount_comes_off_once_a_period() -> None:
    assert worth(item(120000, "year"), discounts=(coupon(amount=12000),)) == Decimal("90.00")
    mixed = (item(120000, "year"), item(2000))
    assert worth(*mixed, discounts=(coupon(amount=500),)) == Decimal("115.00")


def test_the_coupon_of_an_item_lowers_that_item_first() -> None:
    lines = (item(10000, discounts=[coupon(50)]), item(10000))
    assert worth(*lines, discounts=(coupon(10),)) == Decimal("135.00")


@given(
    amount=st.integers(0, 10**9),
    quantity=st.integers(0, 10**4),
    currency=st.sampled_from(["usd", "eur", *sorted(ZERO_DECIMAL)]),
)
def test_a_year_is_twelve_months_of_the_same(amount: int, quantity: int, currency: str) -> None:
    monthly = item(amount, currency=currency, quantity=quantity)
    yearly = item(amount * 12, "year", currency=currency, quantity=quantity)
    if in_units(amount, currency) * quantity <= LARGEST_MRR:
        assert worth(monthly, currency=currency) == worth(yearly, currency=currency)
        assert worth(monthly, currency=currency) == in_units(amount, currency) * quantity
    else:
        assert why_not(monthly, currency=currency) == why_not(yearly, currency=currency) == Unpriced.AMOUNT
