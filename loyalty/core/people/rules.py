"""Who owns what: the three functions of the company and the administrators."""

from collections.abc import Iterable
from datetime import timedelta
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


def functions_in_words(functions: Iterable[str]) -> str:
    """Several functions, always in the same order: “Finance and Product”."""
    known = set(functions)
    labels = [label for function, label in FUNCTION_LABELS.items() if function in known]
    return " and ".join([", ".join(labels[:-1]), labels[-1]]) if len(labels) > 1 else "".join(labels)


# Counted for a username and an address together: guesses from elsewhere must not lock the owner out.
ATTEMPTS_ALLOWED = 10
ATTEMPT_WINDOW = timedelta(minutes=15)


def split_name(name: str) -> tuple[str, str]:
    """First word and the rest, as Django keeps a name in two columns."""
    first, _, rest = " ".join(name.split()).partition(" ")
    return first[:150], rest[:150]
