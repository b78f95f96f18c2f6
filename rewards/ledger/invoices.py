"""Credit on invoices: as much as fits, and back again when an invoice is refunded or voided.

Invariants: what comes back goes to the lots that it came from, never more than
was taken; what comes back to a lot whose day has passed expires in the same
transaction, so that nothing is owed that nobody can use.
"""

from collections.abc import Sequence
from datetime import date
from decimal import Decimal

from django.db import transaction

from loyalty.core.errors import DomainError
from loyalty.core.money import CENT, cents, money
from loyalty.core.people.models import User
from rewards.ledger.models import CreditLot, Posting
from rewards.ledger.queries import day_there, lines_of, lot_rooms
from rewards.ledger.rules import ZERO, PostingKind, give_back_key, give_back_lines, give_to, take_from
from rewards.ledger.verbs import expire_lot, lock_account, redeem, redemption_key, reverse_redemption
from rewards.ledger.writing import write_posting


@transaction.atomic
def redeem_up_to(
    account_id: int,
    most: Decimal,
    currency: str,
    *,
    request: str,
    invoice: str,
    booked_on: date,
    acting_user: User | None,
    step: Decimal = CENT,
) -> Posting | None:
    """Use as much of an account's credit as an invoice of `most` takes, in whole `step`s; the rest stays in its lots.

    None when the account has nothing that can be used. The same `request` is the same redemption, whatever
    the account has by then. Raises DomainError unless `most` is positive.
    """
    if most <= 0:
        raise DomainError(f"An invoice of {money(most, currency)} takes no credit.")
    lock_account(account_id)
    known = Posting.objects.filter(key=redemption_key(request), account_id=account_id).first()
    if known is not None:
        return known
    held = sum(
        (
            part
            for _, part in take_from(lot_rooms(account_id, currency), most, booked_on, day_there(account_id, booked_on))
        ),
        ZERO,
    )
    fits = held - held % step
    if not fits:
        return None
    return redeem(
        account_id,
        fits,
        currency,
        request=request,
        invoice=invoice,
        booked_on=booked_on,
        acting_user=acting_user,
    )


@transaction.atomic
def give_back(
    redemption: Posting, amount: Decimal, *, request: str, reason: str, booked_on: date, acting_user: User | None
) -> Posting:
    """Give a part of a redemption back because its invoice was refunded in part; `request` makes a retry the same.

    The lot that was used last gets it first. Raises DomainError for what is no redemption, was reversed, lies
    after `booked_on`, or when more would come back than was used.
    """
    _check_redemption(redemption, booked_on)
    lock_account(_account_of(redemption))
    key = give_back_key(redemption.pk, request)
    known = Posting.objects.filter(key=key).first()
    if known is not None and known.booked_on == booked_on and _given_by(known) == amount:
        return known
    used, order, currency = _still_used(redemption)
    if known is not None:
        raise DomainError(f"This refund gave {money(_given_by(known), currency)} back already.")
    given = give_to(used, order, amount)
    if amount <= 0 or amount != cents(amount) or sum((part for _, part in given), ZERO) != amount:
        raise DomainError(
            f"{money(sum(used.values(), ZERO), currency)} of credit can come back from this invoice;"
            f" {money(amount, currency)} was asked for."
        )
    posting = write_posting(
        key,
        PostingKind.GIVE_BACK,
        give_back_lines(given, currency),
        account_id=redemption.account_id,
        cause=f"Refund: {reason.strip()}"[:300],
        booked_on=booked_on,
        acting_user=acting_user,
        reason=reason.strip(),
    )
    _expire_what_is_over([lot for lot, _ in given], booked_on, acting_user)
    return posting


@transaction.atomic
def void(redemption: Posting, reason: str, *, booked_on: date, acting_user: User | None) -> Posting | None:
    """Give all of a redemption back that has not come back yet, because its invoice was voided.

    Twice is once; None when all of it had come back by refunds. Raises DomainError for what is no redemption, without a
    reason, and for a day before it.
    """
    _check_redemption(redemption, booked_on, may_be_reversed=True)
    lock_account(_account_of(redemption))
    known = Posting.objects.filter(reverses=redemption).first()
    if known is not None:
        return known
    used, _, _ = _still_used(redemption)
    left = sum(used.values(), ZERO)
    key = give_back_key(redemption.pk, "void")
    if Posting.objects.filter(key__startswith=give_back_key(redemption.pk, "")).exists():
        voided = Posting.objects.filter(key=key).first()
        if voided is not None or not left:
            return voided
        return give_back(redemption, left, request="void", reason=reason, booked_on=booked_on, acting_user=acting_user)
    reversal = reverse_redemption(redemption, reason, booked_on=booked_on, acting_user=acting_user)
    _expire_what_is_over(list(used), booked_on, acting_user)
    return reversal


def _check_redemption(posting: Posting, booked_on: date, *, may_be_reversed: bool = False) -> None:
    if posting.kind != PostingKind.REDEEM.value:
        raise DomainError("Only credit that was used for an invoice can come back from it.")
    if booked_on < posting.booked_on:
        raise DomainError("Credit cannot come back before it was used.")
    if not may_be_reversed and Posting.objects.filter(reverses=posting).exists():
        raise DomainError("This invoice was voided: all of its credit came back.")


def _account_of(posting: Posting) -> int:
    if posting.account_id is None:
        raise DomainError("This posting belongs to no customer.")
    return posting.account_id


def _still_used(redemption: Posting) -> tuple[dict[int, Decimal], list[int], str]:
    """What a redemption holds of each lot after the refunds; its lots in the order of use; its currency."""
    used: dict[int, Decimal] = {}
    lines = lines_of(redemption.pk)
    order = [line.lot for line in lines if line.lot]
    for posting_id in [redemption.pk, *_refunds(redemption)]:
        for line in lines_of(posting_id):
            if line.lot:
                used[line.lot] = used.get(line.lot, ZERO) + line.amount
    return used, order, lines[0].currency


def _refunds(redemption: Posting) -> list[int]:
    refunds = Posting.objects.filter(key__startswith=give_back_key(redemption.pk, ""))
    return list(refunds.order_by("pk").values_list("pk", flat=True))


def _given_by(posting: Posting) -> Decimal:
    return -sum((line.amount for line in lines_of(posting.pk) if line.lot), ZERO)


def _expire_what_is_over(lots: Sequence[int], booked_on: date, acting_user: User | None) -> None:
    over = CreditLot.objects.filter(pk__in=lots, expires_on__lt=booked_on).order_by("expires_on", "pk")
    for lot, account, last_day in over.values_list("pk", "account_id", "expires_on"):
        if last_day < day_there(account, booked_on):
            expire_lot(lot, booked_on=booked_on, acting_user=acting_user)
