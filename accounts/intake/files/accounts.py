"""Files of accounts: the customer companies, as the CRM tells them."""

from collections.abc import Sequence

from accounts.intake.files.shape import Field, Shape
from accounts.intake.files.upsert import upsert
from accounts.intake.files.values import code, day, text, time_zone, whole_number, word
from accounts.records.rules import PlanSegment
from accounts.sources.rules import Kind

# What companies call their plans, and the segment that it means.
PLAN_WORDS = {
    **{segment.value: segment.value for segment in PlanSegment},
    **dict.fromkeys(("basic", "free", "starter", "smb", "self_service"), PlanSegment.SELF_SERVE.value),
    **dict.fromkeys(("pro", "professional", "growth", "business", "midmarket"), PlanSegment.MID_MARKET.value),
}

FIELDS = (
    Field("external_id", text(255), "text", ("account_id", "id", "company_id", "group_id"), required=True),
    Field("name", text(300), "text", ("account_name", "company_name", "company"), required=True, column="name"),
    Field("industry", text(100), "text", column="industry", empty="''"),
    Field("country", code("DE"), "text", ("country_code",), column="country", empty="''"),
    Field("employee_count", whole_number, "integer", ("employees", "headcount"), column="employee_count"),
    Field("goals", text(10_000), "text", ("stated_goals",), column="goals", empty="''"),
    Field(
        "plan_segment", word(PLAN_WORDS), "text", ("segment", "plan_tier", "plan"), column="plan_segment", empty="''"
    ),
    Field("time_zone", time_zone, "text", ("timezone",), column="time_zone", empty="''"),
    Field("referred_by", text(255), "text", ("referrer", "referrer_id"), column="referred_by", empty="''"),
    Field("signed_up_on", day, "date", ("signup_date", "sign_up_date", "created_at", "created"), column="signed_up_on"),
)

RESOLVE = """
SELECT f.*, NULL::bigint AS account_id, NULL::bigint AS contact_id, f.signed_up_on AS day, false AS is_flagged
FROM import_staged f
"""

# A new sign-up day touches every day since; another change only what is said from today on.
MARKS = """
SELECT w.id AS account_id,
       CASE WHEN w.is_new OR w.signed_up_on IS DISTINCT FROM b.signed_up_on
            THEN least(w.signed_up_on, b.signed_up_on, %(today)s::date) ELSE %(today)s::date END AS day
FROM written w LEFT JOIN before b ON b.id = w.id
"""


AT_FIRST = {"traits": "'{}'", "created_at": "now()"}


def take(mapped: Sequence[Field]) -> str:
    return upsert("accounts_account", mapped, FIELDS, {"external_id": "good.external_id"}, MARKS, at_first=AT_FIRST)


SHAPE = Shape(Kind.ACCOUNT, "external_id", FIELDS, RESOLVE, take)
