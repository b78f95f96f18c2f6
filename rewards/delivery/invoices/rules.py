"""Which invoices credits lower, and how Finance chose that it is done. Pure."""

from collections.abc import Mapping
from enum import StrEnum
from typing import Any

from loyalty.core.errors import DomainError


class Connector(StrEnum):
    """How a credit reaches the invoice: not at all, or by a file that Finance takes to billing."""

    OFF = "off"
    FILE = "file"


CONNECTOR_LABELS: dict[Connector, str] = {
    Connector.OFF: "Not at all: only programs and people use credit",
    Connector.FILE: "By a file for Finance, who lowers the invoice in billing",
}
CONNECTOR_CHOICES = [(c.value, label) for c, label in CONNECTOR_LABELS.items()]


class CreditState(StrEnum):
    """What became of an invoice that credit may lower; the values are names of statuses."""

    DUE = "due"
    APPLIED = "applied"
    NOTHING = "nothing"
    VOIDED = "voided"
    GIVEN_BACK = "given_back"


def clean_values(values: Mapping[str, Any]) -> dict[str, Any]:
    """Complete, valid settings. Raises DomainError."""
    try:
        return {"connector": Connector(values["connector"]).value}
    except (KeyError, ValueError) as wrong:
        raise DomainError("Choose how credits reach invoices.") from wrong
