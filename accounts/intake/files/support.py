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
    Field("reopened_at", moment, "timestamptz", ("reopened",)),
    Field("priority", text(20), "text", column="priority", empty="''"),
    Field("satisfaction", score(1, 5), "numeric", ("satisfaction_score", "csat"), column="satisfaction"),
    Field("rated_at", moment, "timestamptz", ("rated",), column="rated_at"),
)

_RESOLVE = """
SELECT f.line, f.raw, {fields},
       coalesce(f.reason, {not_known}) AS reason,
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


# A row that opens a ticket again leaves the days in between closed. Of one that tells no time for it, nothing but
# that it is open now is known, and of today.
_TURNS = """(
    SELECT CASE WHEN again.at >= old.closed_at AND (good.closed_at IS NULL OR again.at <= good.closed_at)
                THEN old.turns || ARRAY[old.closed_at, again.at] ELSE old.turns END
    FROM accounts_ticket old
    CROSS JOIN LATERAL (
        SELECT coalesce(good.reopened_at, CASE WHEN good.closed_at IS NULL
               THEN greatest(old.closed_at, %(today)s::date::timestamp AT TIME ZONE 'UTC') END) AS at
    ) AS again
    WHERE old.external_id = good.external_id
)"""


def resolve(fields: Sequence[Field]) -> str:
    """The statement that finds the accounts of staged tickets, which have these fields."""
    return _RESOLVE.format(fields=", ".join(f"f.{field.name}" for field in fields), not_known=NOT_KNOWN)


def check(row: Mapping[str, Any]) -> str | None:
    opened, closed = row.get("opened_at"), row.get("closed_at")
    if opened is not None and closed is not None and closed < opened:
        return "The ticket was closed before it was opened."
    return None


def taking(mapped: Sequence[Field], every: Sequence[Field], turns: Mapping[str, str]) -> str:
    """The statement that puts tickets in; `turns`: that column, with its SQL, where no field tells it."""
    fixed = {"external_id": "good.external_id", "account_id": "good.account_id", **turns}
    return upsert("accounts_ticket", mapped, every, fixed, MARKS)


def take(mapped: Sequence[Field]) -> str:
    return taking(mapped, FIELDS, {"turns": _TURNS} if any(f.name == "closed_at" for f in mapped) else {})


SHAPE = Shape(
    Kind.SUPPORT,
    "external_id",
    FIELDS,
    resolve(FIELDS),
    take,
    check,
    together={"reopened_at": ("closed_at",)},
)
