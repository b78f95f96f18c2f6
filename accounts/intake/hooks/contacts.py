"""Contacts as the CRM tells them: put in by the same statement as the rows of files."""

from collections.abc import Sequence

from accounts.intake.files.shape import Field, Shape
from accounts.intake.files.upsert import upsert
from accounts.intake.files.values import moment, text
from accounts.sources.rules import Kind

FIELDS = (
    Field("external_id", text(255), "text", required=True),
    Field("account", text(255), "text"),
    Field("name", text(300), "text", column="name", empty="''"),
    Field("email", text(320), "text", column="email", empty="''"),
    Field("traits", text(10_000), "jsonb", column="traits", empty="'{}'::jsonb"),
    Field("placed_at", moment, "timestamptz", column="placed_at"),
)

RESOLVE = f"""
SELECT f.line, f.raw, {", ".join(f"f.{field.name}" for field in FIELDS)},
       coalesce(f.reason, CASE WHEN f.account IS NOT NULL AND a.id IS NULL
                               THEN 'There is no account ' || f.account || '. Send or import the accounts first.'
                          END) AS reason,
       a.id AS account_id, NULL::bigint AS contact_id, NULL::date AS day, false AS is_flagged
FROM import_staged f
LEFT JOIN accounts_account a ON a.external_id = f.account
"""

# Seats are counted by use and not by records: only what is said from today on can change.
MARKS = """
SELECT r.account_id, %(today)s::date AS day FROM (SELECT account_id FROM written UNION SELECT account_id FROM before) r
WHERE r.account_id IS NOT NULL
"""


def take(mapped: Sequence[Field]) -> str:
    fixed = {"external_id": "good.external_id"}
    if any(f.name == "account" for f in mapped):
        fixed["account_id"] = "good.account_id"
    return upsert("accounts_contact", mapped, FIELDS, fixed, MARKS, at_first={"role": "'user'", "created_at": "now()"})


SHAPE = Shape(Kind.ACCOUNT, "external_id", FIELDS, RESOLVE, take)
