"""Taking in Stripe's events: each once, in one transaction, whatever the order in which they come.

Invariants: what was answered as accepted is committed, together with what it
changed and the dirty marks; an older event never overwrites what a newer one
told; what cannot be placed is kept with its reason and can be taken in again.
"""

from datetime import datetime
from typing import Any

from django.db import transaction

from accounts.intake.receipts import Receipt, RefusedCall, keep, plain, until_no_deadlock
from accounts.intake.rules import Refusal, Refused
from accounts.intake.storable import shown
from accounts.intake.stripe.customers import not_billing, tell_account
from accounts.intake.stripe.learning import known_of, learn, lock, tell_again
from accounts.intake.stripe.moving import account_in_turn, take_along
from accounts.intake.stripe.reading import Told, read
from accounts.intake.stripe.shapes import Customer
from accounts.intake.stripe.storing import store
from accounts.sources.queries import Sender
from accounts.sources.rules import Kind
from loyalty.core.doorbell.verbs import ring_on_commit

CHANNEL = "stripe"


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


def _write(sender: Sender, told: Told) -> Receipt:
    one_statement_will_do = not (isinstance(told.about, Customer) or told.seen or told.names)
    is_new = store(sender, CHANNEL, told, {}) if one_statement_will_do else _write_all(sender, told)
    return Receipt(accepted=int(is_new), duplicates=int(not is_new), refused=[])


@transaction.atomic
def _write_all(sender: Sender, told: Told) -> bool:
    """The way of an event that needs more than one statement."""
    customer = told.about if isinstance(told.about, Customer) else None
    before = account_in_turn(sender.source_id, customer.id) if customer else None
    if customer and Kind.ACCOUNT in sender.records:
        tell_account(sender, told, customer)
    if told.seen or told.names:
        lock(sender.source_id, learns=bool(told.seen))
    learned = learn(sender.source_id, told) if told.seen else None
    is_new = store(sender, CHANNEL, told, known_of(sender.source_id, told.names))
    if customer and before is not None:
        take_along(sender.source_id, customer.id, before)
    if learned and learned.names:
        tell_again(sender.source_id, learned)
    return is_new


def _refused(content: dict[str, Any], refusal: Refusal) -> RefusedCall:
    """All of it is kept, so that it can be taken in again: the sender has signed for it."""
    kind, event_id = content.get("type"), content.get("id")
    return RefusedCall(0, plain(event_id, 255), plain(kind, 40) or CHANNEL, refusal, shown(content))
