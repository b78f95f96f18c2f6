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
    Field("rated_at", moment, "timestamptz", ("rated",)),
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


# A row that rates a ticket anew leaves the days before as they were rated. Of one that tells no time for it, nothing
# but that it is rated so now is known, and of today.
_RATED = """(
    SELECT {told}
    FROM (SELECT 1) AS one
    LEFT JOIN accounts_ticket old ON old.external_id = good.external_id
    CROSS JOIN LATERAL (SELECT {score} AS score) AS now
    CROSS JOIN LATERAL (
        SELECT coalesce(old.rated_at, old.turns[1], old.closed_at) AS at,
               now.score IS DISTINCT FROM old.satisfaction
                   AND (old.satisfaction IS NOT NULL OR old.former_rated_at IS NOT NULL) AS is_over
    ) AS was
    CROSS JOIN LATERAL (
        SELECT coalesce(CASE WHEN now.score IS NOT NULL THEN good.rated_at END, CASE WHEN was.is_over
               THEN %(today)s::date::timestamp AT TIME ZONE 'UTC' ELSE old.rated_at END) AS at
    ) AS since
)"""
_RATED_AT = "CASE WHEN now.score IS NOT NULL THEN since.at END"
_FORMER = """(
    SELECT array_agg(r.{value} ORDER BY r.at)
    FROM (
        SELECT * FROM unnest(old.former_scores, old.former_rated_at)
        UNION ALL SELECT old.satisfaction, was.at WHERE was.is_over AND old.satisfaction IS NOT NULL
    ) AS r(score, at)
    WHERE r.at < since.at OR since.at IS NULL
) || CASE WHEN was.is_over AND now.score IS NULL THEN ARRAY[{taken_back}] END"""
_FORMER_SCORES = _FORMER.format(value="score", taken_back="NULL::numeric")
_FORMER_RATED_AT = _FORMER.format(value="at", taken_back="since.at")


def resolve(fields: Sequence[Field]) -> str:
    """The statement that finds the accounts of staged tickets, which have these fields."""
    return _RESOLVE.format(fields=", ".join(f"f.{field.name}" for field in fields), not_known=NOT_KNOWN)


def check(row: Mapping[str, Any]) -> str | None:
    opened, closed = row.get("opened_at"), row.get("closed_at")
    if opened is not None and closed is not None and closed < opened:
        return "The ticket was closed before it was opened."
    return None


def taking(mapped: Sequence[Field], every: Sequence[Field], over_time: Mapping[str, str]) -> str:
    """The statement that puts tickets in; `over_time`: columns, with their SQL, that no field tells as they are."""
    fixed = {"external_id": "good.external_id", "account_id": "good.account_id", **over_time}
    return upsert("accounts_ticket", mapped, every, fixed, MARKS)


def take(mapped: Sequence[Field]) -> str:
    names = {field.name for field in mapped}
    turns = {"turns": _TURNS} if "closed_at" in names else {}
    ratings = _ratings("satisfaction" in names) if names & {"satisfaction", "rated_at"} else {}
    return taking(mapped, FIELDS, turns | ratings)


def _ratings(is_told: bool) -> dict[str, str]:
    """The columns of the rating; without `is_told` a row only says when it was given."""
    score = "good.satisfaction" if is_told else "old.satisfaction"
    told = {"rated_at": _RATED_AT, "former_scores": _FORMER_SCORES, "former_rated_at": _FORMER_RATED_AT}
    return {column: _RATED.format(told=sql, score=score) for column, sql in told.items()}


SHAPE = Shape(
    Kind.SUPPORT,
    "external_id",
    FIELDS,
    resolve(FIELDS),
    take,
    check,
    together={"reopened_at": ("closed_at",)},
)
