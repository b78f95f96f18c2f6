"""Files of product use: each row becomes an event, counted as all events are.

The account is named itself or through one of its subscriptions; use dated
before that subscription starts is kept and flagged. A day without a time is
00:00 UTC of that day. A message id that the source has sent before is left as
it is when the row says the same, and refused when it says something else.
"""

from collections.abc import Sequence

from accounts.intake.files.contacts import OF_ERASED, new_contacts, of_another_account
from accounts.intake.files.shape import Field, Shape
from accounts.intake.files.values import moment, text, whole_number
from accounts.sources.rules import Kind
from accounts.usage.counting import COUNTING
from accounts.usage.erased import is_stored_erased
from accounts.usage.forgotten import HOLD, REASON, is_forgotten

FIELDS = (
    Field("message_id", text(255), "text", ("usage_id", "event_id", "id"), required=True),
    Field("account", text(255), "text", ("account_id", "company_id", "group_id")),
    Field("subscription", text(255), "text", ("subscription_id",)),
    Field("contact", text(255), "text", ("contact_id", "user_id")),
    Field("name", text(200), "text", ("feature_name", "event_name", "event", "feature"), required=True),
    Field("quantity", whole_number, "integer", ("usage_count", "count", "times")),
    Field("seconds", whole_number, "integer", ("usage_duration_secs", "duration_seconds", "duration_secs", "duration")),
    Field(
        "occurred_at",
        moment,
        "timestamptz",
        ("usage_date", "event_date", "timestamp", "date", "time"),
        required=True,
    ),
)

ACCOUNT = "coalesce(a.id, s.account_id)"
JOINS = """
LEFT JOIN accounts_account a ON a.external_id = f.account
LEFT JOIN accounts_subscription s ON s.external_id = f.subscription
"""

RESOLVE = f"""
SELECT f.line, f.raw, {", ".join(f"f.{field.name}" for field in FIELDS)},
       coalesce(f.reason, {OF_ERASED}, CASE
           WHEN {is_forgotten("f.occurred_at")} THEN '{REASON}'
           WHEN f.account IS NULL AND f.subscription IS NULL THEN 'The row names neither an account nor a subscription.'
           WHEN f.subscription IS NOT NULL AND s.id IS NULL
               THEN 'There is no subscription ' || f.subscription || '. Import the subscriptions first.'
           WHEN f.account IS NOT NULL AND a.id IS NULL
               THEN 'There is no account ' || f.account || '. Import the accounts first.'
           WHEN s.account_id <> a.id
               THEN 'The subscription ' || f.subscription || ' belongs to another account than ' || f.account || '.'
           WHEN f.occurred_at > now() + interval '24 hours' THEN 'The use is dated more than 24 hours ahead.'
       END, {of_another_account(ACCOUNT)}) AS reason,
       {ACCOUNT} AS account_id, c.id AS contact_id,
       (f.occurred_at AT TIME ZONE 'UTC')::date AS day,
       coalesce((f.occurred_at AT TIME ZONE 'UTC')::date < s.starts_on, false) AS is_flagged
FROM import_staged f {JOINS}
LEFT JOIN accounts_contact c ON c.external_id = f.contact
"""

STORED = f"""
SELECT c.line, (e.account_id, e.name, e.quantity, e.seconds, e.occurred_at)
       IS DISTINCT FROM (c.account_id, c.name, coalesce(c.quantity, 1), coalesce(c.seconds, 0), c.occurred_at)
FROM import_checked c JOIN accounts_event e ON e.source_id = %(source)s AND e.message_id = c.message_id
WHERE c.reason IS NULL
UNION ALL
SELECT c.line, false FROM import_checked c
WHERE c.reason IS NULL AND {is_stored_erased("%(source)s", "c.message_id")}
"""

# What is stored already was looked for before, so that nothing need be asked for each row;
# where somebody stores one of them meanwhile, the unique index stops the statement as a whole.
TAKE = f"""
WITH fresh AS MATERIALIZED (
    SELECT message_id, account_id, contact_id, name, coalesce(quantity, 1) AS quantity, coalesce(seconds, 0) AS seconds,
           occurred_at, is_flagged
    FROM import_checked WHERE reason IS NULL AND line NOT IN (SELECT line FROM import_stored)
    ORDER BY message_id
),
written AS (
    INSERT INTO accounts_event
        (source_id, message_id, account_id, contact_id, name, quantity, seconds, occurred_at,
         before_subscription, properties)
    SELECT %(source)s, message_id, account_id, contact_id, name, quantity, seconds, occurred_at, is_flagged, '{{}}'
    FROM fresh
),
stored AS (
    SELECT account_id, contact_id, name, quantity, seconds, occurred_at, NULL::numeric AS gigabytes FROM fresh
), {COUNTING.rstrip()}, marks AS (
    INSERT INTO accounts_factsdirty (account_id, day)
    SELECT account_id, min(day) FROM counted_days GROUP BY account_id
)
SELECT count(*), 0 FROM fresh
"""


def prepare(mapped: Sequence[Field]) -> str:
    return f"{HOLD}; {new_contacts(ACCOUNT, JOINS)}" if any(f.name == "contact" for f in mapped) else HOLD


def take(mapped: Sequence[Field]) -> str:
    return TAKE


SHAPE = Shape(
    Kind.USAGE,
    "message_id",
    FIELDS,
    RESOLVE,
    take,
    prepare=prepare,
    stored=STORED,
    one_of=("account", "subscription"),
    marks_flag="dated before its subscription starts",
)
