"""Files of subscriptions, as billing tells them: each on its own, however many an account has at once."""

from collections.abc import Mapping, Sequence
from typing import Any

from accounts.intake.files.shape import Field, Shape
from accounts.intake.files.upsert import NOT_KNOWN
from accounts.intake.files.values import code, day, monthly_amount, text, whole_number, word, yes_or_no
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
    Field("mrr", monthly_amount, "numeric", ("mrr_amount", "monthly_amount"), column="mrr"),
    Field("currency", code("USD"), "text", column="currency", empty="%(currency)s"),
    Field("is_trial", yes_or_no, "boolean", ("trial",), column="is_trial", empty="false"),
    Field("starts_on", day, "date", ("start_date", "started_at", "start"), required=True, column="starts_on"),
    Field("ends_on", day, "date", ("end_date", "ended_at", "end", "canceled_at"), column="ends_on"),
    Field("renews_on", day, "date", ("renewal_date", "current_period_end"), column="renews_on"),
)

RESOLVE = f"""
SELECT f.line, f.raw, {", ".join(f"f.{field.name}" for field in FIELDS)},
       coalesce(f.reason, {NOT_KNOWN}) AS reason,
       a.id AS account_id, NULL::bigint AS contact_id, f.starts_on AS day, false AS is_flagged
FROM import_staged f
LEFT JOIN accounts_account a ON a.external_id = f.account
"""


def check(row: Mapping[str, Any]) -> str | None:
    starts, ends = row.get("starts_on"), row.get("ends_on")
    if starts is not None and ends is not None and ends < starts:
        return f"The subscription ends on {ends}, before it starts on {starts}."
    return None


# One row tells the whole life of a subscription, so that its terms hold from its start;
# later terms that billing has told by the day stand. A column that the file has not keeps what it has.
TAKE = """
WITH good AS (SELECT * FROM import_checked WHERE reason IS NULL),
before AS (
    SELECT s.id, s.external_id, s.account_id, s.starts_on
    FROM accounts_subscription s JOIN good USING (external_id)
),
held AS (
    INSERT INTO accounts_subscription AS kept (external_id, account_id, starts_on, told_at, told_as, created_at)
    SELECT external_id, account_id, starts_on, now(), '', now() FROM good ORDER BY external_id
    ON CONFLICT (external_id) DO UPDATE
    SET account_id = excluded.account_id, starts_on = excluded.starts_on, told_at = now(), told_as = ''
    WHERE (kept.account_id, kept.starts_on) IS DISTINCT FROM (excluded.account_id, excluded.starts_on)
    RETURNING kept.id, kept.external_id, kept.account_id, kept.starts_on, xmax = 0 AS is_new
),
every AS (SELECT id, external_id FROM before UNION ALL SELECT id, external_id FROM held WHERE is_new),
old AS (
    SELECT DISTINCT ON (t.subscription_id) t.*, t.from_day = b.starts_on AND b.starts_on <> good.starts_on AS is_moved
    FROM before b JOIN good USING (external_id) JOIN accounts_subscriptionterm t ON t.subscription_id = b.id
    ORDER BY t.subscription_id, t.from_day
),
moved AS (DELETE FROM accounts_subscriptionterm t USING old WHERE t.id = old.id AND old.is_moved),
agreed AS (
    INSERT INTO accounts_subscriptionterm AS kept
        (subscription_id, from_day, is_cancelling, told_at, told_as, {columns})
    SELECT every.id, good.starts_on, coalesce(old.is_cancelling, false), now(), '', {values}
    FROM good JOIN every USING (external_id) LEFT JOIN old ON old.subscription_id = every.id
    ORDER BY every.id
    ON CONFLICT (subscription_id, from_day) DO UPDATE
    SET {sets}, told_at = now(), told_as = ''
    WHERE ({kept}) IS DISTINCT FROM ({excluded})
    RETURNING kept.subscription_id AS id
),
written AS (
    SELECT e.id, e.external_id, coalesce(h.is_new, false) AS is_new
    FROM every e LEFT JOIN held h ON h.id = e.id
    WHERE h.id IS NOT NULL OR e.id IN (SELECT id FROM agreed)
),
marks AS (
    INSERT INTO accounts_factsdirty (account_id, day)
    SELECT account_id, min(starts_on)
    FROM (
        SELECT good.account_id, good.starts_on FROM written JOIN good USING (external_id)
        UNION ALL
        SELECT before.account_id, before.starts_on FROM written JOIN before USING (external_id)
    ) AS touched
    GROUP BY account_id
)
SELECT count(*) FILTER (WHERE is_new), count(*) FILTER (WHERE NOT is_new) FROM written
"""


def take(mapped: Sequence[Field]) -> str:
    terms = [f for f in FIELDS if f.column and f.column != "starts_on"]
    told = [f"coalesce({'good' if f in mapped else 'old'}.{f.column}, {f.empty})" for f in terms]
    names = [f.column for f in terms]
    return TAKE.format(
        columns=", ".join(names),
        values=", ".join(told),
        sets=", ".join(f"{name} = excluded.{name}" for name in names),
        kept=", ".join(f"kept.{name}" for name in names),
        excluded=", ".join(f"excluded.{name}" for name in names),
    )


SHAPE = Shape(Kind.SUBSCRIPTION, "external_id", FIELDS, RESOLVE, take, check)
