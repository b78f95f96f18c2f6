"""Who owns what: the three functions of the company and the administrators."""

from enum import StrEnum


class Function(StrEnum):
    """A function of the company. It owns objects and decides changes to them."""

    FINANCE = "finance"
    PRODUCT = "product"
    CS = "cs"


FUNCTION_LABELS: dict[Function, str] = {
    Function.FINANCE: "Finance",
    Function.PRODUCT: "Product",
    Function.CS: "Customer Success",
}
FUNCTION_CHOICES = [(f.value, label) for f, label in FUNCTION_LABELS.items()]
