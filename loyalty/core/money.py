"""Money: Decimal, one rounding, one way to write it."""

from decimal import ROUND_HALF_UP, Decimal

CENT = Decimal("0.01")
SYMBOLS = {"USD": "$", "EUR": "€", "GBP": "£"}
MINUS = "\N{MINUS SIGN}"


def cents(amount: Decimal | int | str) -> Decimal:
    """Round to whole cents, halves away from zero. The only rounding of money."""
    return Decimal(amount).quantize(CENT, rounding=ROUND_HALF_UP)


def money(amount: Decimal | int | str, currency: str = "USD") -> str:
    """Write money for people: $1,234.50, −$40.00; other currencies as CHF 40.00."""
    value = cents(amount)
    sign = MINUS if value < 0 else ""
    symbol = SYMBOLS.get(currency, f"{currency} ")
    return f"{sign}{symbol}{abs(value):,.2f}"
