"""Storing one event of Stripe by one statement: whose it is, its receipt, what it tells, and the count of the batch.

The receipt is kept once per source and event id, and what the event tells is
written only if the receipt is new. An event of a customer who is nobody known
writes nothing.
"""

import json

from accounts.intake.rules import Refused
from accounts.intake.stripe.amounts import in_units
from accounts.intake.stripe.bills import bill_of, credit_of
from accounts.intake.stripe.customers import unknown_customer, whose
from accounts.intake.stripe.discounts import Known
from accounts.intake.stripe.learning import LOCK_SHARED
from accounts.intake.stripe.reading import INVOICE_DELETED, Told
from accounts.intake.stripe.shapes import Customer, Invoice, Subscription
from accounts.intake.stripe.terms import Telling, telling
from accounts.records.newest import CREDITS, INVOICES, as_row
from accounts.records.rules import Bill
from accounts.records.telling import TELLING, TOLD, as_told, known_in_turn
from accounts.sources.queries import Sender
from loyalty.core.money import cents
from loyalty.core.prepared import run_prepared

# The account that a customer was last told to be, else that of its own id. Whoever tells that it is another waits
# for those who place something meanwhile, so that it is taken along.
OF_CUSTOMER = """coalesce(
    (SELECT account_id FROM accounts_billingcustomer
     WHERE source_id = %(source)s AND external_id = %(customer)s FOR SHARE),
    (SELECT id FROM accounts_account WHERE external_id = %(customer)s))"""
# The account that is named, else that of the customer.
_PLACED = f"""
placed AS MATERIALIZED (
    SELECT CASE
           WHEN %(account)s::text IS NOT NULL THEN (SELECT id FROM accounts_account WHERE external_id = %(account)s)
           ELSE {OF_CUSTOMER}
           END AS account_id
)
"""
_NOBODYS = "placed AS (SELECT NULL::bigint AS account_id)"


def _statement(writes: str = "", *, placed: str = _PLACED, known: str = "known AS (SELECT true AS is_fresh)") -> str:
    """One statement; `writes` are common table expressions over `receipt`, a row that names the account, or none."""
    told = "true" if placed == _NOBODYS else "account_id IS NOT NULL"
    return f"""
WITH {placed}, {known},
receipt AS (
    INSERT INTO accounts_stripecall (source_id, message_id, call, account_id, occurred_at, payload, named, unpriced)
    SELECT %(source)s, %(event)s, %(call)s, account_id, %(at)s, %(payload)s::jsonb, %(named)s, %(unpriced)s
    FROM placed CROSS JOIN known WHERE is_fresh AND {told}
    ON CONFLICT (source_id, message_id) DO NOTHING
    RETURNING account_id
),
{writes}
batch AS (
    INSERT INTO accounts_intakebatch (source_id, channel, accepted, duplicates, refused)
    SELECT %(source)s, %(channel)s::text, news, 1 - news, 0
    FROM placed CROSS JOIN known CROSS JOIN (SELECT count(*) AS news FROM receipt) AS counted
    WHERE is_fresh AND {told}
),
touched AS (
    UPDATE accounts_source SET last_received_at = now()
    WHERE id = %(source)s AND %(touch)s AND EXISTS (SELECT FROM receipt)
      AND (last_received_at IS NULL OR last_received_at < now() - interval '1 minute')
)
SELECT is_fresh, {told}, (SELECT count(*) FROM receipt) FROM placed CROSS JOIN known
"""


# Whoever learns of discounts holds the first and then waits for subscriptions.
_TURN = ", ".join(
    (
        LOCK_SHARED.format(source="%(source)s"),
        "pg_advisory_xact_lock(hashtextextended('subscription ' || %(external_id)s::text, 0))",
    )
)
_UNREAD = _statement(placed=_NOBODYS)
_NOTHING_MORE = _statement()
_SUBSCRIPTION = _statement(
    f"""
told AS MATERIALIZED (
    SELECT receipt.account_id, t.*
    FROM receipt CROSS JOIN jsonb_to_record(%(told)s::jsonb) AS t({TOLD})
),
{TELLING},
""",
    known=known_in_turn(_TURN),
)
_INVOICE, _CREDIT = (
    _statement(f"""
told AS (SELECT receipt.account_id, t.* FROM receipt CROSS JOIN jsonb_to_record(%(told)s::jsonb) AS t({table.shape})),
{table.writing},
""")
    for table in (INVOICES, CREDITS)
)
_CUSTOMER = _statement("""
customer AS (
    INSERT INTO accounts_billingcustomer AS kept
        (source_id, external_id, account_id, balance, currency, told_at, told_as)
    SELECT %(source)s, %(customer)s, account_id, balance, currency, %(at)s, %(order)s::text
    FROM receipt CROSS JOIN jsonb_to_record(%(told)s::jsonb) AS t(balance numeric, currency text)
    ON CONFLICT (source_id, external_id) DO UPDATE
    SET account_id = excluded.account_id, balance = excluded.balance, currency = excluded.currency,
        told_at = excluded.told_at, told_as = excluded.told_as
    WHERE (kept.told_at, kept.told_as) < (excluded.told_at, excluded.told_as)
),
""")


def store(sender: Sender, channel: str, told: Told, known: Known) -> bool:
    """Keep an event and write what it tells of its account; False when it was there already.

    `known` are the coupons of the discounts that it only names. Raises Refused
    when there is no account (yet): what was sent can be taken in once there is.
    """
    statement, what, unpriced = _told(told, known)
    about = whose(told)
    parameters = {
        "source": sender.source_id,
        "channel": channel,
        "touch": sender.is_heard,
        "event": told.id,
        "call": told.type,
        "at": told.at,
        "order": told.order,
        "payload": None if told.payload is None else json.dumps(told.payload, ensure_ascii=False),
        "named": list(told.names),
        "unpriced": unpriced,
        "told": what,
        "customer": about.customer_id if about else None,
        "account": about.named if about else None,
        "external_id": told.about.id if isinstance(told.about, Subscription) else None,
    }
    is_fresh = is_placed = new = False
    while not is_fresh:
        ((is_fresh, is_placed, new),) = run_prepared(statement, parameters)
    if not is_placed and about is not None:
        raise Refused(unknown_customer(about))
    return bool(new)


def _told(told: Told, known: Known) -> tuple[str, str | None, str]:
    """The statement for an event, what it tells, as JSON, and why the MRR is unknown, if it is."""
    about = told.about
    if about is None:
        return _UNREAD, None, ""
    if isinstance(about, Customer):
        return _CUSTOMER, _balance_in(about), ""
    if isinstance(about, Subscription):
        found = telling(about, told.created, known)
        return (_SUBSCRIPTION, _terms_in(found, told), found.terms.unpriced) if found else (_NOTHING_MORE, None, "")
    is_deleted = told.type == INVOICE_DELETED
    row = bill_of(about, is_deleted=is_deleted) if isinstance(about, Invoice) else credit_of(about)
    if row is None:
        return _NOTHING_MORE, None, ""
    return _INVOICE if isinstance(row, Bill) else _CREDIT, as_row(row, told_at=told.at, told_as=told.order), ""


def _balance_in(customer: Customer) -> str:
    """What is kept for a customer, as JSON, above zero in its favour; one without a currency has nothing kept."""
    currency = customer.currency or ""
    balance = None if customer.balance is None else cents(in_units(-customer.balance, currency))
    return json.dumps({"balance": balance, "currency": currency.upper()}, default=str)


def _terms_in(found: Telling, told: Told) -> str:
    return as_told(
        found.external_id,
        found.terms,
        from_day=found.from_day,
        starts_on=found.starts_on,
        told_at=told.at,
        told_as=told.order,
    )
