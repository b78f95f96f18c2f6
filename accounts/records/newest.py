"""What the system of record tells of a thing that has an id of its own, as SQL: the newest telling stands.

Common table expressions, as those of a subscription (`telling.py`): they start
from `told`, an account_id and a row of the table's `shape`, or none.
"""

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import datetime

from accounts.records.rules import Bill, Credit, InvoiceStatus


@dataclass(frozen=True)
class Newest:
    """A table of such things; `columns` are its columns, but for account_id, with their types.

    Its account is marked when one is in the status `marking`, so that what
    follows from it follows at once.
    """

    table: str
    columns: Mapping[str, str]
    marking: str = ""

    @property
    def shape(self) -> str:
        """The shape of `told` for jsonb_to_record, but for its first column, which is the account_id."""
        return ", ".join(f"{name} {kind}" for name, kind in self._all.items())

    @property
    def writing(self) -> str:
        """Keeps the row of `told`, unless what stands is newer."""
        names = ", ".join(("account_id", *self._all))
        sets = ", ".join(f"{name} = excluded.{name}" for name in ("account_id", *self._all) if name != "external_id")
        return f"""
kept AS (
    INSERT INTO {self.table} AS kept ({names})
    SELECT {names} FROM told
    ON CONFLICT (external_id) DO UPDATE SET {sets}
    WHERE (kept.told_at, kept.told_as) < (excluded.told_at, excluded.told_as)
    RETURNING account_id, status
),
kept_marks AS (
    INSERT INTO accounts_factsdirty (account_id, day)
    SELECT account_id, (now() AT TIME ZONE 'UTC')::date FROM kept WHERE status = '{self.marking}'
)
"""

    @property
    def _all(self) -> dict[str, str]:
        return {**self.columns, "told_at": "timestamptz", "told_as": "text"}


INVOICES = Newest(
    "accounts_invoice",
    {
        "external_id": "text",
        "customer": "text",
        "subscription_external_id": "text",
        "number": "text",
        "status": "text",
        "cause": "text",
        "currency": "text",
        "due": "numeric",
        "paid": "numeric",
        "failed_payments": "integer",
        "issued_at": "timestamptz",
        "paid_at": "timestamptz",
        "balance_before": "numeric",
        "balance_after": "numeric",
    },
    marking=InvoiceStatus.PAID.value,
)
CREDITS = Newest(
    "accounts_billingcredit",
    {
        "external_id": "text",
        "kind": "text",
        "status": "text",
        "number": "text",
        "cause": "text",
        "invoice_external_id": "text",
        "currency": "text",
        "amount": "numeric",
        "at": "timestamptz",
        "expires_at": "timestamptz",
    },
)


def as_row(told: Bill | Credit, *, told_at: datetime, told_as: str) -> str:
    """A bill or credit as JSON: `told_at` is the time of the source's own event, `told_as` its id."""
    return json.dumps(asdict(told) | {"told_at": told_at, "told_as": told_as}, default=str)
