"""Files of support tickets."""

from collections.abc import Mapping, Sequence
from typing import Any

from accounts.intake.files.shape import Field, Shape
from accounts.intake.files.upsert import NOT_KNOWN, marks_of, upsert
from accounts.intake.files.values import moment, score, text
from accounts.sources.rules import Kind

FIELDS = (
    Field("external_id", text(255), "text", ("ticket_id", "id"), required=True),
    Field("account", text(255), "text", ("account_id", "company_id", "organization_id"), required=True),
    Field(
        "opened_at", moment, "timestamptz", ("submitted_at", "created_at", "opened"), required=True, column="opened_at"
    ),
    Field("closed_at", moment, "timestamptz", ("solved_at", "resolved_at", "closed"), column="closed_at"),
    Field("priority", text(20), "text", column="priority", empty="''"),
    Field("satisfaction", score(1, 5), "numeric", ("satisfaction_score", "csat"), column="satisfaction"),
)

RESOLVE = f"""
SELECT f.line, f.raw, {", ".join(f"f.{field.name}" for field in FIELDS)},
       coalesce(f.reason, {NOT_KNOWN}) AS reason,
       a.id AS account_id, NULL::bigint AS contact_id, (f.opened_at AT TIME ZONE 'UTC')::date AS day,
       false AS is_flagged
FROM import_staged f
LEFT JOIN accounts_account a ON a.external_id = f.account
"""

# An account without tickets has none from the day of the first ticket of all: when
# that day moves, every account is touched.
MARKS = (
    marks_of("(r.opened_at AT TIME ZONE 'UTC')::date")
    + """
UNION ALL
SELECT a.id, (w.first AT TIME ZONE 'UTC')::date
FROM accounts_account a
CROSS JOIN (SELECT min(opened_at) AS first FROM written) AS w
WHERE w.first < coalesce((SELECT min(opened_at) FROM accounts_ticket), 'infinity')
"""
)


def check(row: Mapping[str, Any]) -> str | None:
    opened, closed = row.get("opened_at"), row.get("closed_at")
    if opened is not None and closed is not None and closed < opened:
        return "The ticket was closed before it was opened."
    return None


def take(mapped: Sequence[Field]) -> str:
    fixed = {"external_id": "good.external_id", "account_id": "good.account_id"}
    return upsert("accounts_ticket", mapped, FIELDS, fixed, MARKS)


SHAPE = Shape(Kind.SUPPORT, "external_id", FIELDS, RESOLVE, take, check)
