"""Files of feedback: answers (`feedback.py`), words of consent (`consents.py`), or both in one file.

A row with a score is an answer, one without is a word of consent.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from accounts.intake.files import consents, feedback
from accounts.intake.files.contacts import OF_ERASED, of_another_account
from accounts.intake.files.shape import Field, Shape
from accounts.intake.files.upsert import NOT_KNOWN, marks_of, upsert
from accounts.intake.files.values import word
from accounts.sources.rules import Kind

CONSENT = "consent"
SORTS = word({"nps": "nps", "csat": "csat", CONSENT: CONSENT})
MORE_TIMES = ("consented_at", "decided_at", "granted_at", "timestamp")


def _here(field: Field) -> Field:
    """A field of answers, as a file may hold it that has words of consent as well."""
    if field.name == "kind":
        field = replace(field, read=SORTS)
    if field.name == "at":
        return replace(field, aliases=(*field.aliases, *MORE_TIMES))
    return replace(field, required=False)


FIELDS = (*map(_here, feedback.FIELDS), *consents.FIELDS)
NEEDED = {
    "external_id": "An answer needs an id.",
    "account": "An answer needs an account.",
    "contact": "A word of consent needs a contact.",
}

ID = f"CASE WHEN granted IS NULL THEN external_id ELSE {consents.ID} END"

RESOLVE = f"""
SELECT f.line, f.raw, f.id_here AS external_id, {", ".join(f"f.{f.name}" for f in FIELDS if f.name != "external_id")},
       coalesce(f.reason, {OF_ERASED},
                CASE WHEN f.granted IS NULL OR f.account IS NOT NULL THEN {NOT_KNOWN} END,
                CASE WHEN f.granted IS NOT NULL THEN {consents.PROBLEM} END,
                {of_another_account("a.id")}) AS reason,
       a.id AS account_id, c.id AS contact_id, (f.at AT TIME ZONE 'UTC')::date AS day, false AS is_flagged
FROM (SELECT *, {ID} AS id_here FROM import_staged) AS f
LEFT JOIN accounts_account a ON a.external_id = f.account
LEFT JOIN accounts_contact c ON c.external_id = f.contact
"""


def check(row: Mapping[str, Any]) -> str | None:
    """Which of the two the row is, and whether it has what that needs."""
    if row.get("score") is None and row.get("granted") is None:
        return "The row has neither a score nor a word of consent."
    if row.get("score") is not None and row.get("granted") is not None:
        return "The row has a score and a word of consent. Make two rows of it."
    is_consent, sort = row.get("granted") is not None, row.get("kind")
    if sort is not None and is_consent is not (sort == CONSENT):
        return f"The row says that it is {sort}, and has {'no score' if is_consent else 'a score'}."
    needed = ("contact",) if is_consent else ("external_id", "account")
    return next((NEEDED[name] for name in needed if row.get(name) is None), None) or feedback.check(row)


def take(mapped: Sequence[Field]) -> str:
    """The statement for the answers; the words of consent are told by `consents.tell_words`."""
    fixed = {"external_id": "good.external_id", "account_id": "good.account_id"}
    if any(f.name == "contact" for f in mapped):
        fixed["contact_id"] = "good.contact_id"
    marks = marks_of("(r.at AT TIME ZONE 'UTC')::date")
    return upsert("accounts_feedbackscore", mapped, FIELDS, fixed, marks, only="granted IS NULL")


SHAPE = Shape(
    Kind.FEEDBACK,
    "external_id",
    FIELDS,
    RESOLVE,
    take,
    check,
    feedback.prepare,
    one_of=("score", "granted"),
    together={"score": ("external_id", "account"), "granted": ("contact",)},
    id_from=("external_id", "contact", "granted", "policy_version", "at"),
    id_sql=ID,
    then=consents.tell_words,
)
