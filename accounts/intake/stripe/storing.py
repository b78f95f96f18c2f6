"""Storing one event of Stripe: whose it is, then one statement that writes all of it.

The receipt comes first, once per source and event id; what the event tells is
written only if the receipt is new. The batch is counted in the same statement.
"""

import json

from accounts.intake.stripe.bills import bill_of
from accounts.intake.stripe.reading import Told
from accounts.intake.stripe.shapes import Customer, Invoice, Subscription
from accounts.intake.stripe.terms import Telling, telling
from accounts.records.invoices import BILL, BILLING, as_bill
from accounts.records.telling import LOCK, TELLING, TOLD, as_told
from accounts.sources.queries import Sender
from loyalty.core.prepared import run_prepared

# The account that a customer names, else the one it was last told to be, else that of its own id.
# The subscription is locked, so that what it was cannot change before the statement that writes.
_PLACE = f"""
WITH locked AS MATERIALIZED ({LOCK})
SELECT CASE WHEN %(named)s::text IS NOT NULL THEN (SELECT id FROM accounts_account WHERE external_id = %(named)s)
       ELSE coalesce(
            (SELECT account_id FROM accounts_billingcustomer
             WHERE source_id = %(source)s AND external_id = %(customer)s),
            (SELECT id FROM accounts_account WHERE external_id = %(customer)s))
       END,
       (SELECT count(*) FROM locked)
"""


def _statement(writes: str) -> str:
    """The receipt, what is written if it is new, and the count of the batch."""
    return f"""
WITH receipt AS (
    INSERT INTO accounts_stripecall (source_id, message_id, call, account_id, occurred_at, payload)
    VALUES (%(source)s, %(event)s, %(call)s, %(account)s, %(at)s, %(payload)s::jsonb)
    ON CONFLICT (source_id, message_id) DO NOTHING
    RETURNING id
),
{writes}
batch AS (
    INSERT INTO accounts_intakebatch (source_id, channel, accepted, duplicates, refused)
    SELECT %(source)s, %(channel)s::text, count(*), 1 - count(*), 0 FROM receipt
),
touched AS (
    UPDATE accounts_source SET last_received_at = now()
    WHERE id = %(source)s AND %(touch)s AND EXISTS (SELECT FROM receipt)
      AND (last_received_at IS NULL OR last_received_at < now() - interval '1 minute')
)
SELECT count(*) FROM receipt
"""


_NOTHING_MORE = _statement("")
_SUBSCRIPTION = _statement(f"""
told AS MATERIALIZED (SELECT t.* FROM receipt CROSS JOIN jsonb_to_record(%(told)s::jsonb) AS t({TOLD})),
{TELLING},
""")
_INVOICE = _statement(f"""
bill AS (SELECT b.* FROM receipt CROSS JOIN jsonb_to_record(%(told)s::jsonb) AS b({BILL})),
{BILLING},
""")
_CUSTOMER = _statement("""
customer AS (
    INSERT INTO accounts_billingcustomer AS kept (source_id, external_id, account_id, told_at, told_as)
    SELECT %(source)s, %(told)s::text, %(account)s, %(at)s, %(order)s::text FROM receipt
    ON CONFLICT (source_id, external_id) DO UPDATE
    SET account_id = excluded.account_id, told_at = excluded.told_at, told_as = excluded.told_as
    WHERE (kept.told_at, kept.told_as) < (excluded.told_at, excluded.told_as)
),
""")


def place(sender: Sender, customer_id: str, named: str | None, subscription_id: str | None) -> int | None:
    """The account of a customer, if there is one; a subscription that is known is locked. Call inside a transaction."""
    asked = {"source": sender.source_id, "customer": customer_id, "named": named, "external_id": subscription_id}
    ((account_id, _),) = run_prepared(_PLACE, asked)
    found: int | None = account_id
    return found


def store(sender: Sender, channel: str, told: Told, account_id: int | None) -> bool:
    """Keep an event and write what it tells of its account; False when it was there already."""
    statement, what = _NOTHING_MORE, None
    about = told.about
    if account_id is not None:
        if isinstance(about, Customer):
            statement, what = _CUSTOMER, about.id
        elif isinstance(about, Subscription) and (found := telling(about, told.created)):
            statement, what = _SUBSCRIPTION, _terms_in(account_id, found, told)
        elif isinstance(about, Invoice) and (bill := bill_of(about)):
            statement, what = _INVOICE, as_bill(account_id, bill, told_at=told.at, told_as=told.order)
    parameters = {
        "source": sender.source_id,
        "channel": channel,
        "touch": sender.touch_due,
        "event": told.id,
        "call": told.type,
        "account": account_id,
        "at": told.at,
        "order": told.order,
        "payload": None if told.payload is None else json.dumps(told.payload, ensure_ascii=False),
        "told": what,
    }
    ((new,),) = run_prepared(statement, parameters)
    return bool(new)


def _terms_in(account_id: int, found: Telling, told: Told) -> str:
    return as_told(
        account_id,
        found.external_id,
        found.terms,
        from_day=found.from_day,
        starts_on=found.starts_on,
        told_at=told.at,
        told_as=told.order,
    )
