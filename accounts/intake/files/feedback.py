"""Files of feedback: NPS (0 to 10) and CSAT (1 to 5) answers."""

from collections.abc import Mapping, Sequence
from typing import Any

from accounts.intake.files.contacts import OF_ERASED, new_contacts, of_another_account
from accounts.intake.files.shape import Field, Shape
from accounts.intake.files.upsert import NOT_KNOWN, marks_of, upsert
from accounts.intake.files.values import moment, score, text, word
from accounts.sources.rules import Kind

CSAT_SCORES = (1, 5)

FIELDS = (
    Field("external_id", text(255), "text", ("feedback_id", "response_id", "id"), required=True),
    Field("account", text(255), "text", ("account_id", "company_id"), required=True),
    Field("contact", text(255), "text", ("contact_id", "user_id", "respondent")),
    Field("kind", word({"nps": "nps", "csat": "csat"}), "text", ("type", "survey"), column="kind", empty="'nps'"),
    Field("score", score(0, 10), "numeric", ("nps", "nps_score", "rating"), required=True, column="score"),
    Field(
        "at", moment, "timestamptz", ("answered_at", "submitted_at", "created_at", "date"), required=True, column="at"
    ),
)

RESOLVE = f"""
SELECT f.line, f.raw, {", ".join(f"f.{field.name}" for field in FIELDS)},
       coalesce(f.reason, {OF_ERASED}, {NOT_KNOWN}, {of_another_account("a.id")}) AS reason,
       a.id AS account_id, c.id AS contact_id, (f.at AT TIME ZONE 'UTC')::date AS day,
       false AS is_flagged
FROM import_staged f
LEFT JOIN accounts_account a ON a.external_id = f.account
LEFT JOIN accounts_contact c ON c.external_id = f.contact
"""


def check(row: Mapping[str, Any]) -> str | None:
    lowest, highest = CSAT_SCORES
    if row.get("kind") == "csat" and row.get("score") is not None and not lowest <= row["score"] <= highest:
        return f"A CSAT score is from {lowest} to {highest}."
    return None


def prepare(mapped: Sequence[Field]) -> str:
    if all(f.name != "contact" for f in mapped):
        return ""
    return new_contacts("a.id", "LEFT JOIN accounts_account a ON a.external_id = f.account")


def take(mapped: Sequence[Field]) -> str:
    fixed = {"external_id": "good.external_id", "account_id": "good.account_id"}
    if prepare(mapped):
        fixed["contact_id"] = "good.contact_id"
    return upsert("accounts_feedbackscore", mapped, FIELDS, fixed, marks_of("(r.at AT TIME ZONE 'UTC')::date"))


SHAPE = Shape(Kind.FEEDBACK, "external_id", FIELDS, RESOLVE, take, check, prepare)
