"""Recording what the system of record tells of an invoice."""

from dataclasses import asdict
from datetime import datetime

from django.db import connection

from accounts.records.rules import Bill

_FIELDS = (*Bill.__dataclass_fields__, "account_id", "told_at", "told_as")
_KEPT = [name for name in _FIELDS if name != "external_id"]
_TELL = f"""
INSERT INTO accounts_invoice AS kept ({", ".join(_FIELDS)})
VALUES ({", ".join(f"%({name})s" for name in _FIELDS)})
ON CONFLICT (external_id) DO UPDATE SET {", ".join(f"{name} = excluded.{name}" for name in _KEPT)}
WHERE (kept.told_at, kept.told_as) < (excluded.told_at, excluded.told_as)
"""


def tell_invoice(account_id: int, bill: Bill, *, told_at: datetime, told_as: str) -> bool:
    """Record an invoice; whether anything is different now. The trace of who told it is the caller's batch.

    `told_at` is the time of the source's own event, `told_as` its id, which
    orders events of the same moment; what is older than what stands changes nothing.
    """
    values = asdict(bill) | {"account_id": account_id, "told_at": told_at, "told_as": told_as}
    with connection.cursor() as cursor:
        cursor.execute(_TELL, values)
        return bool(cursor.rowcount == 1)
