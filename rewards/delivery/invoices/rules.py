"""Which invoices credits lower, how Finance chose that it is done, and what becomes of each. Pure."""

from collections.abc import Mapping
from enum import StrEnum
from typing import Any

from loyalty.core.errors import DomainError


class Connector(StrEnum):
    """How a credit reaches the invoice: not at all, by a file that Finance takes to billing, or by Stripe itself."""

    OFF = "off"
    FILE = "file"
    STRIPE = "stripe"


CONNECTOR_LABELS: dict[Connector, str] = {
    Connector.OFF: "Not at all: only programs and people use credit",
    Connector.FILE: "By a file for Finance, who lowers the invoice in billing",
    Connector.STRIPE: "By Stripe: the customer balance, which lowers the draft when it is finalised",
}
CONNECTOR_CHOICES = [(c.value, label) for c, label in CONNECTOR_LABELS.items()]


class CreditState(StrEnum):
    """What became of an invoice that credit may lower; the values are names of statuses.

    `sending`: used on the ledger, and on its way to billing. `late`: billing had finalised it before. `refused`:
    billing will not have it, the credit is back. `voided` is to be given back, `returning` on its way out of billing.
    """

    DUE = "due"
    SENDING = "sending"
    APPLIED = "applied"
    NOTHING = "nothing"
    LATE = "late"
    REFUSED = "refused"
    VOIDED = "voided"
    RETURNING = "returning"
    GIVEN_BACK = "given_back"


class ChangeKind(StrEnum):
    """Why a customer's balance in billing is changed.

    To lower an invoice; to take back what a finalised one left; to take back what a void one brought back.
    """

    LOWER = "lower"
    TAKE_REST = "take_rest"
    TAKE_BACK = "take_back"


KIND_WORDS: dict[ChangeKind, str] = {
    ChangeKind.LOWER: "Lower the invoice",
    ChangeKind.TAKE_REST: "Take back what the invoice left",
    ChangeKind.TAKE_BACK: "Take back what the void invoice brought back",
}


class ChangeState(StrEnum):
    """The values are names of statuses. `failed`: tried for days, and a person has to look at it."""

    WAITING = "waiting"
    DONE = "done"
    REFUSED = "refused"
    WITHDRAWN = "withdrawn"
    FAILED = "failed"


def request_of(invoice_id: int, attempt: int) -> str:
    """The id under which using credit for an invoice is the same; each attempt after a refusal is another."""
    return f"invoice:{invoice_id}" + (f":{attempt}" if attempt > 1 else "")


def clean_values(values: Mapping[str, Any]) -> dict[str, Any]:
    """Complete, valid settings. Raises DomainError."""
    try:
        return {"connector": Connector(values["connector"]).value}
    except (KeyError, ValueError) as wrong:
        raise DomainError("Choose how credits reach invoices.") from wrong
