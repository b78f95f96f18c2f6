"""What the system of record tells of an invoice, as SQL: the newest telling stands.

Common table expressions, as those of a subscription (`telling.py`): they start
from `bill`, an account_id and a row of BILL, or none. The account of a paid
invoice is marked, so that what follows from a payment follows at once.
"""

import json
from collections.abc import Mapping
from dataclasses import asdict
from datetime import datetime

from accounts.records.rules import Bill, InvoiceStatus

_TYPES: Mapping[str, str] = {
    "external_id": "text",
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
    "told_at": "timestamptz",
    "told_as": "text",
}
_FIELDS = ", ".join(("account_id", *_TYPES))

_KEPT = ["account_id", *(name for name in _TYPES if name != "external_id")]

# The shape of `bill` for jsonb_to_record, but for its first column, which is the account_id.
BILL = ", ".join(f"{name} {kind}" for name, kind in _TYPES.items())

BILLING = f"""
billed AS (
    INSERT INTO accounts_invoice AS kept ({_FIELDS})
    SELECT {_FIELDS} FROM bill
    ON CONFLICT (external_id) DO UPDATE
    SET {", ".join(f"{name} = excluded.{name}" for name in _KEPT)}
    WHERE (kept.told_at, kept.told_as) < (excluded.told_at, excluded.told_as)
    RETURNING account_id, status
),
billed_marks AS (
    INSERT INTO accounts_factsdirty (account_id, day)
    SELECT account_id, (now() AT TIME ZONE 'UTC')::date FROM billed WHERE status = '{InvoiceStatus.PAID}'
)
"""


def as_bill(bill: Bill, *, told_at: datetime, told_as: str) -> str:
    """One row of BILL as JSON: `told_at` is the time of the source's own event, `told_as` its id."""
    return json.dumps(asdict(bill) | {"told_at": told_at, "told_as": told_as}, default=str)
