"""Asking billing to change balances: each change is claimed, asked for side by side with others, and noted.

A claim counts up `claims`, and the note of an outcome names that count: a worker
that dies in between lets the change be asked for again after the lease, under
the same key, which billing answers as it did before. A worker does not
ask for two changes of one customer at once.
"""

import logging
from collections.abc import Callable, Sequence
from datetime import datetime
from functools import partial

from django.db import connection, transaction
from django.urls import reverse
from django.utils import timezone

from loyalty.core.notices.verbs import tell
from loyalty.core.people.queries import members
from loyalty.core.people.rules import Function
from loyalty.core.side_by_side import side_by_side
from rewards.delivery.billing.client import change_balance
from rewards.delivery.billing.connecting import connection_now, key_now, lock_out
from rewards.delivery.billing.rules import LEASE, NOT_CARRIED_OUT, Order, Outcome, Result, key_of, wait_before
from rewards.delivery.invoices.models import BalanceChange, BalanceTry, InvoiceCredit
from rewards.delivery.invoices.rules import ChangeKind, ChangeState, CreditState
from rewards.delivery.invoices.settling import KEPT, give_all_back
from rewards.ledger.invoices import give_back

log = logging.getLogger(__name__)

SECONDS = 20.0
THREADS = 8

_CLAIM = """
UPDATE rewards_balancechange
SET claims = claims + 1, tries = tries + 1, lease_until = %(lease_until)s,
    first_tried_at = coalesce(first_tried_at, %(now)s), is_unsure = is_unsure OR lease_until IS NOT NULL
WHERE id = (
    SELECT id FROM rewards_balancechange
    WHERE state = 'waiting' AND due_at <= %(now)s AND (lease_until IS NULL OR lease_until < %(now)s)
      AND customer <> ALL (%(busy)s)
    ORDER BY due_at, id LIMIT 1 FOR UPDATE SKIP LOCKED
)
RETURNING id
"""


def send_balance_changes() -> int:
    """Ask billing for what is due, beginning for at most 20 s; returns how many were done. Harmless beside others."""
    key = key_now()
    if key is None:
        return 0

    def begin(change: BalanceChange) -> Callable[[], Outcome]:
        return partial(change_balance, key, _order(change, timezone.now()))

    def claim_beside(running: Sequence[BalanceChange]) -> BalanceChange | None:
        return claim([change.customer for change in running])

    return side_by_side(claim_beside, begin, note, seconds=SECONDS, threads=THREADS)


def claim(busy: Sequence[str] = ()) -> BalanceChange | None:
    """The change that has waited longest, ours for as long as the lease; None when none is due.

    Customers who are `busy` are passed over; while billing lets nobody in, nothing is due.
    """
    kept = connection_now()
    if kept is None or kept.locked_out_at is not None:
        return None
    now = timezone.now()
    with connection.cursor() as cursor:
        cursor.execute(_CLAIM, {"now": now, "lease_until": now + LEASE, "busy": list(busy)})
        row = cursor.fetchone()
    return BalanceChange.objects.select_related("credit__invoice").get(pk=row[0]) if row else None


def _order(change: BalanceChange, now: datetime) -> Order:
    invoice = change.credit.invoice
    return Order(
        customer=change.customer,
        amount=change.amount,
        currency=change.currency,
        key=key_of(change.mark, change.generation),
        mark=change.mark,
        words=_words(change, invoice.number or invoice.external_id),
        must_look=change.is_unsure,
        since=change.first_tried_at or now,
    )


def _words(change: BalanceChange, invoice: str) -> str:
    """What people read beside the change in billing."""
    if change.kind == ChangeKind.LOWER:
        return f"Loyalty credit for invoice {invoice}"
    if change.kind == ChangeKind.TAKE_REST:
        return f"Loyalty credit that invoice {invoice} did not need"
    return f"Loyalty credit of the void invoice {invoice}"


@transaction.atomic
def note(change: BalanceChange, outcome: Outcome) -> bool:
    """Keep what came of a try, and let the books follow, unless somebody else has claimed it since; whether it is done.

    A change that is done stays so, whoever comes late with another outcome.
    """
    rows = InvoiceCredit.objects.select_for_update(of=("self",), no_key=True).select_related("invoice", "posting")
    credit, now = rows.get(pk=change.credit_id), timezone.now()
    BalanceTry.objects.create(
        change=change, at=now, status=outcome.status, told=outcome.told, milliseconds=outcome.milliseconds
    )
    if outcome.result is Result.DONE:
        _done(change, credit, outcome, now)
    elif outcome.result is Result.REFUSED:
        _refused(change, credit, outcome, now)
    else:
        _later(change, credit, outcome, now)
    return outcome.result is Result.DONE


def _done(change: BalanceChange, credit: InvoiceCredit, outcome: Outcome, now: datetime) -> None:
    made = outcome.made
    told = {"billing_id": made.id, "made_at": made.at, "balance": made.balance} if made else {}
    if not _mine(change, state=ChangeState.DONE, ended_at=now, told=outcome.told, **told):
        return
    if change.kind == ChangeKind.LOWER:
        if credit.state == CreditState.SENDING:
            credit.state, credit.applied_at = CreditState.APPLIED.value, now
    elif change.kind == ChangeKind.TAKE_REST:
        _rest_is_back(change, credit, now)
    else:
        credit.state = CreditState.GIVEN_BACK.value
        give_all_back(credit, "it is void", now)
    credit.save(update_fields=KEPT)


def _rest_is_back(change: BalanceChange, credit: InvoiceCredit, now: datetime) -> None:
    if credit.posting is None or credit.amount is None:
        return
    give_back(
        credit.posting,
        -change.amount,
        request=f"rest:{change.pk}",
        reason=f"{credit.invoice} did not need it",
        booked_on=now.date(),
        acting_user=None,
    )
    credit.amount += change.amount
    if not credit.amount and credit.state == CreditState.APPLIED:
        credit.state = CreditState.LATE.value


def _refused(change: BalanceChange, credit: InvoiceCredit, outcome: Outcome, now: datetime) -> None:
    """Billing will never lower it: the credit is the account's again. What cannot be taken back, a person looks at."""
    if change.kind != ChangeKind.LOWER:
        if _mine(change, state=ChangeState.FAILED, ended_at=now, told=outcome.told):
            _tell(change, f"Stripe does not give back the credit of {credit.invoice}. {outcome.told}")
        return
    if not _mine(change, state=ChangeState.REFUSED, ended_at=now, told=outcome.told):
        return
    was_void = credit.state == CreditState.VOIDED
    credit.state = (CreditState.GIVEN_BACK if was_void else CreditState.REFUSED).value
    credit.is_final, credit.why = True, outcome.told
    give_all_back(credit, "billing did not take it", now)
    credit.save(update_fields=KEPT)
    _tell(change, f"Stripe did not take the credit for {credit.invoice}; it is the customer’s again. {outcome.told}")


def _later(change: BalanceChange, credit: InvoiceCredit, outcome: Outcome, now: datetime) -> None:
    if outcome.result is Result.LOCKED_OUT:
        kept = connection_now()
        # Whoever connects again lets it go out at once.
        if _mine(change, due_at=now, told=outcome.told) and kept is not None:
            lock_out(kept.sealed, outcome.told)
        return
    more = {
        "generation": change.generation + outcome.is_remembered,
        "is_unsure": change.is_unsure or outcome.status not in NOT_CARRIED_OUT,
        "told": outcome.told,
    }
    pause = wait_before(change.tries, outcome.wait)
    if pause is not None:
        _mine(change, due_at=now + pause, **more)
    elif _mine(change, state=ChangeState.FAILED, ended_at=now, **more):
        _tell(change, f"Stripe could not be asked about {credit.invoice}. {outcome.told}")


def _mine(change: BalanceChange, **values: object) -> bool:
    rows = BalanceChange.objects.filter(pk=change.pk, claims=change.claims, state=ChangeState.WAITING)
    return bool(rows.update(lease_until=None, **values))


def _tell(change: BalanceChange, words: str) -> None:
    log.warning("Balance change %s: %s", change.pk, words)
    people = members(Function.FINANCE).values_list("pk", flat=True)
    address = reverse("invoice-credit", args=[change.credit_id])
    tell(people, f"balance:{change.pk}:{change.claims}", words[:300], address)
