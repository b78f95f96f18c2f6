"""Taking in Stripe's events: each once, in one transaction, whatever the order in which they come.

Invariants: what was answered as accepted is committed, together with what it
changed and the dirty marks; an older event never overwrites what a newer one
told; what cannot be placed is kept with its reason and can be taken in again.
"""

import json
from datetime import datetime
from typing import Any

from django.db import connection, transaction

from accounts.intake.receipts import Receipt, RefusedCall, keep, plain, until_no_deadlock
from accounts.intake.rules import Refusal, Refused
from accounts.intake.storable import shown
from accounts.intake.stripe.bills import bill_of
from accounts.intake.stripe.customers import ACCOUNT_KEY, account_of, not_billing, take_customer
from accounts.intake.stripe.reading import Told, read
from accounts.intake.stripe.shapes import Customer, Invoice, Subscription, id_of
from accounts.intake.stripe.terms import telling
from accounts.records.invoices import tell_invoice
from accounts.records.models import Account
from accounts.records.subscriptions import tell
from accounts.sources.queries import Sender
from accounts.sources.rules import Kind
from loyalty.core.doorbell.verbs import ring_on_commit

CHANNEL = "stripe"

_NEW_CALL = """
INSERT INTO accounts_stripecall (source_id, message_id, call, account_id, occurred_at, payload)
VALUES (%s, %s, %s, %s, %s, %s::jsonb)
ON CONFLICT (source_id, message_id) DO NOTHING
"""


def take_in(sender: Sender, content: dict[str, Any], *, now: datetime) -> Receipt:
    """Take in one event and return once it is committed; its signature was checked before.

    Events of types that no rule looks at are counted, not kept in full. What is
    refused is kept as it came, and can be given to this verb again.
    """
    try:
        if Kind.SUBSCRIPTION not in sender.records:
            raise Refused(not_billing())
        told = read(content, now=now)
        receipt = until_no_deadlock(lambda: _write(sender, told))
    except Refused as wrong:
        receipt = Receipt(0, 0, [_refused(content, wrong.refusal)])
        with transaction.atomic():
            keep(sender, CHANNEL, receipt)
    ring_on_commit()
    return receipt


@transaction.atomic
def _write(sender: Sender, told: Told) -> Receipt:
    account = _place(sender, told)
    is_new = _is_new(sender, told, account)
    if is_new and account is not None:
        if isinstance(told.about, Subscription):
            _tell_terms(account, told.about, told)
        elif isinstance(told.about, Invoice):
            _tell_bill(account, told.about, told)
    receipt = Receipt(accepted=int(is_new), duplicates=int(not is_new), refused=[])
    keep(sender, CHANNEL, receipt)
    return receipt


def _place(sender: Sender, told: Told) -> Account | None:
    """Whose the event is; None when nobody needs to know. Raises Refused."""
    about = told.about
    if about is None:
        return None
    if isinstance(about, Customer):
        return take_customer(sender, told, about)
    return account_of(sender, id_of(about.customer), (about.metadata or {}).get(ACCOUNT_KEY))


def _tell_terms(account: Account, subscription: Subscription, told: Told) -> None:
    found = telling(subscription, told.created)
    if found is not None:
        tell(
            account,
            found.external_id,
            found.terms,
            from_day=found.from_day,
            starts_on=found.starts_on,
            told_at=told.at,
            told_as=told.order,
        )


def _tell_bill(account: Account, invoice: Invoice, told: Told) -> None:
    bill = bill_of(invoice)
    if bill is not None:
        tell_invoice(account.pk, bill, told_at=told.at, told_as=told.order)


def _is_new(sender: Sender, told: Told, account: Account | None) -> bool:
    payload = None if told.payload is None else json.dumps(told.payload, ensure_ascii=False)
    with connection.cursor() as cursor:
        cursor.execute(
            _NEW_CALL, [sender.source_id, told.id, told.type, account.pk if account else None, told.at, payload]
        )
        return bool(cursor.rowcount == 1)


def _refused(content: dict[str, Any], refusal: Refusal) -> RefusedCall:
    """All of it is kept, so that it can be taken in again: the sender has signed for it."""
    kind, event_id = content.get("type"), content.get("id")
    return RefusedCall(0, plain(event_id, 255), plain(kind, 40) or CHANNEL, refusal, shown(content))
