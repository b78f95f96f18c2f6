"""What is next for an invoice that credit may lower: to be lowered, to be looked at once final, to give it back.

Every step is one transaction that holds the row of the credit, and nothing is
asked of billing in it: that is noted as a change of a balance (see `sending`).
The books come first where credit is used and last where it comes back, so that
no credit can be used twice whoever dies in between.
"""

from datetime import datetime
from decimal import Decimal

from django.db import transaction
from django.db.models import Exists, OuterRef, Q, QuerySet

from accounts.intake.stripe.amounts import in_units
from accounts.records.rules import InvoiceStatus
from loyalty.core.money import CENT
from rewards.delivery.billing.rules import Made, unused_of
from rewards.delivery.invoices.models import BalanceChange, InvoiceCredit
from rewards.delivery.invoices.queries import taken_by
from rewards.delivery.invoices.rules import ChangeKind, ChangeState, Connector, CreditState, request_of
from rewards.ledger.invoices import redeem_up_to, void
from rewards.ledger.queries import lot_rooms

A_STEP = 200
KEPT = ["state", "amount", "posting", "applied_at", "is_final", "why"]
# Billing was not asked for it, or said for certain that it did nothing; and nobody is asking just now.
_UNTOUCHED = Q(is_unsure=False, lease_until=None)
_FINALISED = [s.value for s in (InvoiceStatus.OPEN, InvoiceStatus.PAID, InvoiceStatus.UNCOLLECTIBLE)]


def settle_invoices(now: datetime, *, limit: int = A_STEP) -> int:
    """Take the invoices that have a next step through it; returns how many steps that were.

    Each is a transaction of its own. Safe to run twice and on several workers.
    """
    settled = 0
    while settled < limit and _settle_one(now):
        settled += 1
    return settled


def _with_a_next_step() -> QuerySet[InvoiceCredit]:
    """While it is not known what became of a change of the balance, an invoice has no next step."""
    asked = BalanceChange.objects.filter(credit=OuterRef("pk"))
    unknown = asked.filter(Q(state=ChangeState.WAITING) & ~_UNTOUCHED | Q(state=ChangeState.FAILED))
    under_way = Q(state__in=[CreditState.SENDING.value, CreditState.APPLIED.value], is_final=False)
    waiting = Q(state__in=[CreditState.DUE.value, CreditState.VOIDED.value])
    rows = InvoiceCredit.objects.filter(waiting | under_way & Q(invoice__status__in=_FINALISED))
    return rows.exclude(Exists(unknown)).order_by("id")


@transaction.atomic
def _settle_one(now: datetime) -> bool:
    rows = _with_a_next_step().select_for_update(of=("self",), skip_locked=True, no_key=True)
    credit = rows.select_related("invoice", "posting").first()
    if credit is None:
        return False
    if credit.state == CreditState.VOIDED:
        _return(credit, now)
    elif credit.state == CreditState.DUE:
        _apply(credit, now)
    elif credit.state == CreditState.SENDING:
        _too_late(credit, now)
    else:
        _look_at_the_rest(credit)
    credit.save(update_fields=KEPT)
    return True


def _apply(credit: InvoiceCredit, now: datetime) -> None:
    invoice = credit.invoice
    by_stripe = credit.way == Connector.STRIPE
    wanted = InvoiceStatus.DRAFT if by_stripe else InvoiceStatus.OPEN
    if by_stripe and invoice.status in _FINALISED:
        holds = any(lot.left > 0 for lot in lot_rooms(invoice.account_id, invoice.currency))
        credit.state = (CreditState.LATE if holds else CreditState.NOTHING).value
        return
    used = None
    if invoice.status == wanted and invoice.due > 0 and (invoice.customer or not by_stripe):
        used = redeem_up_to(
            invoice.account_id,
            invoice.due,
            invoice.currency,
            step=max(CENT, in_units(1, invoice.currency)),
            request=request_of(invoice.pk, credit.attempt),
            invoice=invoice.number or invoice.external_id,
            booked_on=now.date(),
            acting_user=None,
        )
    if used is None:
        credit.state = CreditState.NOTHING.value
        return
    credit.posting, credit.amount, credit.why = used, taken_by(used), ""
    if by_stripe:
        credit.state, credit.is_final = CreditState.SENDING.value, False
        _ask(credit, ChangeKind.LOWER, credit.amount)
    else:
        credit.state, credit.applied_at = CreditState.APPLIED.value, now


def _too_late(credit: InvoiceCredit, now: datetime) -> None:
    """The invoice was finalised before billing was asked."""
    if not _withdraw(credit, now):
        return
    credit.state, credit.is_final = CreditState.LATE.value, True
    give_all_back(credit, "billing had finalised it before credit could lower it", now)


def _look_at_the_rest(credit: InvoiceCredit) -> None:
    invoice, credit.is_final = credit.invoice, True
    asked = credit.changes.get(kind=ChangeKind.LOWER, attempt=credit.attempt)
    if credit.amount is None or asked.made_at is None or asked.balance is None:
        return
    rest = unused_of(
        credit.amount,
        Made(asked.billing_id, asked.made_at, asked.balance),
        finalised_at=invoice.issued_at,
        before=invoice.balance_before,
        after=invoice.balance_after,
    )
    if rest:
        _ask(credit, ChangeKind.TAKE_REST, -rest)


def _return(credit: InvoiceCredit, now: datetime) -> None:
    """A void invoice: what billing was given is taken back there, then the books have it again."""
    if not _withdraw(credit, now):
        return
    credit.is_final = True
    lowered = credit.changes.filter(kind=ChangeKind.LOWER, state=ChangeState.DONE).exists()
    if lowered and credit.amount:
        credit.state = CreditState.RETURNING.value
        _ask(credit, ChangeKind.TAKE_BACK, -credit.amount)
    else:
        credit.state = CreditState.GIVEN_BACK.value
        give_all_back(credit, "it is void", now)


def give_all_back(credit: InvoiceCredit, why: str, now: datetime) -> None:
    """Let the books have all of the credit again that an invoice still holds; the caller holds its row."""
    if credit.posting is not None:
        void(credit.posting, f"{credit.invoice}: {why}", booked_on=now.date(), acting_user=None)


def _withdraw(credit: InvoiceCredit, now: datetime) -> bool:
    """Withdraw the change that billing was not asked for yet; False when somebody is asking it just now."""
    under_way = credit.changes.filter(state__in=[ChangeState.WAITING, ChangeState.FAILED])
    under_way.filter(_UNTOUCHED, state=ChangeState.WAITING).update(state=ChangeState.WITHDRAWN, ended_at=now)
    return not under_way.exists()


def _ask(credit: InvoiceCredit, kind: ChangeKind, amount: Decimal) -> None:
    invoice = credit.invoice
    BalanceChange.objects.create(
        credit=credit,
        kind=kind.value,
        attempt=credit.attempt,
        customer=invoice.customer,
        amount=amount,
        currency=invoice.currency,
    )
