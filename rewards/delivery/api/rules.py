"""Keys of the rewards API, the shapes of its requests, and what differs when an idempotency key comes again. Pure."""

import secrets
from collections.abc import Mapping
from decimal import Decimal
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field, model_validator

LONGEST_KEY = 100


def new_key() -> str:
    """A key of the rewards API: 32 random bytes, so that a plain digest of it is safe to store."""
    return "lr_" + secrets.token_urlsafe(32)


Id = Annotated[str, Field(min_length=1, max_length=255)]


class RedemptionRequest(BaseModel):
    """Use of credit for an invoice (amount, invoice), or the switching on of one grant that is no credit (grant)."""

    model_config = ConfigDict(extra="forbid", str_strip_whitespace=True)

    account: Id = Field(description="external_id of the account.")
    amount: Annotated[Decimal, Field(gt=0, max_digits=14, decimal_places=2)] | None = Field(
        default=None, description='Money as text: "7.00".'
    )
    currency: Annotated[str, Field(pattern="^[A-Z]{3}$")] | None = Field(
        default=None, description="Of the amount; the reporting currency when left out."
    )
    invoice: Annotated[str, Field(min_length=1, max_length=200)] | None = Field(
        default=None, description="The invoice that the credit lowers."
    )
    grant: Annotated[int, Field(ge=1, lt=2**63)] | None = Field(
        default=None, description="A grant that is no credit, such as a pass."
    )

    @model_validator(mode="after")
    def _one_of_both(self) -> "RedemptionRequest":
        credit = [self.amount, self.invoice]
        if self.grant is None and None in credit:
            raise ValueError("name amount and invoice, or grant")
        if self.grant is not None and (self.currency is not None or any(part is not None for part in credit)):
            raise ValueError("name amount and invoice, or grant, not both")
        if any("\0" in text for text in (self.account, self.invoice or "")):
            raise ValueError("text must not hold NUL")
        return self


def differences(stands: Mapping[str, Any], asked: Mapping[str, Any]) -> str:
    """Where two requests differ, in words; "" when they are the same."""
    names = [*stands, *(name for name in asked if name not in stands)]
    return "; ".join(
        f"{name} was {_said(stands.get(name))}, now {_said(asked.get(name))}"
        for name in names
        if stands.get(name) != asked.get(name)
    )


def _said(value: Any) -> str:
    return "not given" if value is None else f"“{value}”"
