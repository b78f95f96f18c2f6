"""Money as people type it."""

from decimal import Decimal

import pytest
from django.core.exceptions import ValidationError

from rewards.caps.forms import AmountField

FIELD = AmountField(min_value=Decimal(0), max_digits=14, decimal_places=2)


@pytest.mark.parametrize(
    ("typed", "amount"),
    [("5000", "5000"), ("5,000", "5000"), (" $5,000.50 ", "5000.50"), ("1,234,567.89", "1234567.89"), ("0", "0")],
)
def test_an_amount_is_read_with_or_without_its_sign_and_groups(typed: str, amount: str) -> None:
    assert FIELD.clean(typed) == Decimal(amount)


@pytest.mark.parametrize("typed", ["1,5", "1.000,50", "5,00", "-1", "$-1", "€5", "1e3x", "", "NaN", "1.001"])
def test_what_could_mean_something_else_is_asked_again(typed: str) -> None:
    with pytest.raises(ValidationError):
        FIELD.clean(typed)
