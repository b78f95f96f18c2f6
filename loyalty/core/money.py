"""Money: Decimal, one rounding, one way to write it."""

from decimal import ROUND_HALF_UP, Decimal

CENT = Decimal("0.01")
SYMBOLS = {"USD": "$", "EUR": "€", "GBP": "£"}
MINUS = "\N{MINUS SIGN}"
POINTS = "PTS"
"""The unit of points, which stands where a currency stands. They are whole."""


def cents(amount: Decimal | int | str) -> Decimal:
    """Round to whole cents, halves away from zero. The only rounding of money."""
    return Decimal(amount).quantize(CENT, rounding=ROUND_HALF_UP)


def money(amount: Decimal | int | str, currency: str = "USD") -> str:
    """Write money for people: $1,234.50, −$40.00; other currencies as CHF 40.00; points as 1,200 points."""
    value = cents(amount)
    sign = MINUS if value < 0 else ""
    if currency == POINTS:
        return f"{sign}{abs(value):,.2f}".removesuffix(".00") + (" point" if abs(value) == 1 else " points")
    symbol = SYMBOLS.get(currency, f"{currency} ")
    return f"{sign}{symbol}{abs(value):,.2f}"
