"""Files of subscriptions, as billing tells them: each on its own, however many an account has at once."""

from collections.abc import Mapping, Sequence
from typing import Any

from accounts.intake.files.shape import Field, Shape
from accounts.intake.files.upsert import NOT_KNOWN, marks_of, upsert
from accounts.intake.files.values import amount, day, text, whole_number, word, yes_or_no
from accounts.records.rules import BillingFrequency
from accounts.sources.rules import Kind

FREQUENCY_WORDS = {
    **{frequency.value: frequency.value for frequency in BillingFrequency},
    **dict.fromkeys(("month",), BillingFrequency.MONTHLY.value),
    **dict.fromkeys(("annually", "yearly", "year"), BillingFrequency.ANNUAL.value),
    **dict.fromkeys(("multiyear",), BillingFrequency.MULTI_YEAR.value),
}

FIELDS = (
    Field("external_id", text(255), "text", ("subscription_id", "id"), required=True),
    Field("account", text(255), "text", ("account_id", "company_id", "customer_id", "customer"), required=True),
    Field("plan", text(100), "text", ("plan_tier", "plan_name", "product"), column="plan", empty="''"),
    Field(
        "billing_frequency",
        word(FREQUENCY_WORDS),
        "text",
        ("billing_period", "interval"),
        column="billing_frequency",
        empty="''",
    ),
    Field("seats", whole_number, "integer", ("quantity", "seat_count"), column="seats"),
    Field("mrr", amount, "numeric", ("mrr_amount", "monthly_amount"), column="mrr"),
    Field("currency", text(3), "text", column="currency", empty="%(currency)s"),
    Field("is_trial", yes_or_no, "boolean", ("trial",), column="is_trial", empty="false"),
    Field("starts_on", day, "date", ("start_date", "started_at", "start"), required=True, column="starts_on"),
    Field("ends_on", day, "date", ("end_date", "ended_at", "end", "canceled_at"), column="ends_on"),
    Field("renews_on", day, "date", ("renewal_date", "current_period_end"), column="renews_on"),
)

RESOLVE = f"""
SELECT f.line, f.raw, {", ".join(f"f.{field.name}" for field in FIELDS)},
       coalesce(f.reason, {NOT_KNOWN}) AS reason,
       a.id AS account_id, NULL::bigint AS contact_id, f.starts_on AS day, false AS is_flagged, NULL::text AS clash
FROM import_staged f
LEFT JOIN accounts_account a ON a.external_id = f.account
"""


def check(row: Mapping[str, Any]) -> str | None:
    starts, ends = row.get("starts_on"), row.get("ends_on")
    if starts is not None and ends is not None and ends < starts:
        return f"The subscription ends on {ends}, before it starts on {starts}."
    return None


def take(mapped: Sequence[Field]) -> str:
    fixed = {"external_id": "good.external_id", "account_id": "good.account_id"}
    at_first = {"created_at": "now()"}
    return upsert("accounts_subscription", mapped, FIELDS, fixed, marks_of("r.starts_on"), at_first=at_first)


SHAPE = Shape(Kind.SUBSCRIPTION, "external_id", FIELDS, RESOLVE, take, check)
