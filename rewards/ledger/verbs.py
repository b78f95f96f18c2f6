"""Writing the ledger: issue, redeem, expire, reverse, recognise breakage.

Invariants: all go through the database function `ledger_post`, which posts once
a key; the audit line stands in the same transaction; the audit line carries the
day and the amount, so that the check can hold the ledger against it.
"""

from datetime import date
from decimal import Decimal
from typing import Protocol

from django.db import connection, transaction

from loyalty.core.errors import DomainError
from loyalty.core.figures import day_text
from loyalty.core.money import POINTS, money
from loyalty.core.people.models import User
from loyalty.core.people.permissions import check_member
from loyalty.core.people.rules import Function
from rewards.caps.verbs import refund
from rewards.ledger.models import CreditLot, Posting
from rewards.ledger.queries import day_there, lines_of, lot_rooms, offer_of_lot
from rewards.ledger.rules import (
    Book,
    PostingKind,
    breakage_key,
    breakage_lines,
    expire_key,
    expire_lines,
    give_back_key,
    issue_key,
    issue_lines,
    redeem_lines,
    reverse_key,
    reversed_lines,
    take_from,
)
from rewards.ledger.writing import write_posting

LOCK_OF_ACCOUNTS = 7202


class Granted(Protocol):
    """What the ledger needs to know of a grant; money in `currency`."""

    @property
    def pk(self) -> int: ...
    @property
    def account_id(self) -> int: ...
    @property
    def face_value(self) -> Decimal: ...
    @property
    def currency(self) -> str: ...
    @property
    def expires_on(self) -> date: ...


@transaction.atomic
def issue_credit(grant: Granted, *, booked_on: date, acting_user: User | None) -> Posting:
    """Put a granted credit on the books: a lot, and a posting of its face value.

    Twice is once. Raises DomainError when the grant is on the books with other
    content (another day, another amount).
    """
    lot, _ = CreditLot.objects.get_or_create(
        grant_id=grant.pk,
        defaults={
            "account_id": grant.account_id,
            "amount": grant.face_value,
            "currency": grant.currency,
            "issued_on": booked_on,
            "expires_on": grant.expires_on,
        },
    )
    return write_posting(
        issue_key(grant.pk),
        PostingKind.ISSUE,
        issue_lines(grant.face_value, grant.currency, lot.pk),
        account_id=grant.account_id,
        cause=f"Credit of {money(grant.face_value, grant.currency)} granted, valid until {day_text(grant.expires_on)}",
        booked_on=booked_on,
        acting_user=acting_user,
    )


@transaction.atomic
def redeem(
    account_id: int,
    amount: Decimal,
    currency: str,
    *,
    request: str,
    invoice: str,
    booked_on: date,
    acting_user: User | None,
) -> Posting:
    """Use an account's credit for an invoice; `request` is the id under which a retry is the same.

    Takes the lot that expires first, then the older, then the lower id. Raises
    DomainError when the account has less than `amount`, or when `request` was
    used for something else.
    """
    lock_account(account_id)
    key = redemption_key(request)
    known = Posting.objects.filter(key=key).first()
    if known is not None:
        return _same_redemption(known, account_id, amount, currency, invoice)
    taken = take_from(lot_rooms(account_id, currency), amount, booked_on, day_there(account_id, booked_on))
    room = sum((part for _, part in taken), Decimal(0))
    if currency == POINTS and amount != amount.to_integral_value():
        raise DomainError("Points are whole: use a whole number of them.")
    if amount <= 0 or room < amount:
        raise DomainError(
            f"This account has {money(room, currency)} of credit that can be used on {day_text(booked_on)};"
            f" {money(amount, currency)} was asked for."
        )
    return write_posting(
        key,
        PostingKind.REDEEM,
        redeem_lines(taken, currency),
        account_id=account_id,
        cause=_redemption_cause(invoice),
        booked_on=booked_on,
        acting_user=acting_user,
    )


@transaction.atomic
def expire_lot(lot_id: int, *, booked_on: date, acting_user: User | None) -> Posting | None:
    """Take what is left of a lot off the books; None when nothing is left.

    Raises DomainError on or before the lot's last day.
    """
    lot = CreditLot.objects.get(pk=lot_id)
    lock_account(lot.account_id)
    if booked_on <= lot.expires_on:
        raise DomainError(f"This credit can be used until {day_text(lot.expires_on)}.")
    left = next((r.left for r in lot_rooms(lot.account_id, lot.currency) if r.lot == lot_id), Decimal(0))
    if left <= 0:
        return None
    last_line = lot.lines.order_by("-id").values_list("id", flat=True)[0]
    return write_posting(
        expire_key(lot_id, last_line),
        PostingKind.EXPIRE,
        expire_lines(left, lot.currency, lot_id),
        account_id=lot.account_id,
        cause=f"Credit not used by {day_text(lot.expires_on)}",
        booked_on=booked_on,
        acting_user=acting_user,
    )


@transaction.atomic
def reverse(posting: Posting, reason: str, *, acting_user: User, booked_on: date) -> Posting:
    """Undo a posting by its mirror image; what was issued frees its cap room again.

    Twice is once, on another day too. Raises NotAllowed unless the person is in Finance, DomainError
    for a reversal, without a reason, for a day before the posting's, and for an
    issue of which some was used already.
    """
    check_member(acting_user, Function.FINANCE)
    return _reverse(posting, reason, acting_user=acting_user, booked_on=booked_on)


@transaction.atomic
def take_back(grant_id: int, reason: str, *, acting_user: User | None, booked_on: date) -> Posting | None:
    """Take a granted credit off the books because the customer does not want it; None when it is on none.

    Twice is once, on another day too. Whether the person may is decided by the caller. Raises
    DomainError when some of it was used.
    """
    posting = Posting.objects.filter(key=issue_key(grant_id)).first()
    return _reverse(posting, reason, acting_user=acting_user, booked_on=booked_on) if posting else None


def reverse_redemption(redemption: Posting, reason: str, *, booked_on: date, acting_user: User | None) -> Posting:
    """Undo a redemption because its invoice was voided; whether it may be is decided by `invoices.void`."""
    return _reverse(redemption, reason, acting_user=acting_user, booked_on=booked_on)


def recognise_breakage(
    kind: PostingKind, amount: Decimal, currency: str, *, month: date, booked_on: date, cause: str
) -> Posting:
    """Post breakage that is recognised before credits lapse, once a month, currency and kind; it may be negative.

    `month` is its first day. Twice is once. Raises DomainError when the month has another amount already.
    """
    return write_posting(
        breakage_key(kind, month, currency),
        kind,
        breakage_lines(amount, currency),
        account_id=None,
        cause=cause,
        booked_on=booked_on,
        acting_user=None,
    )


def _reverse(posting: Posting, reason: str, *, acting_user: User | None, booked_on: date) -> Posting:
    if posting.account_id is None:
        raise DomainError("Breakage is not reversed: the next month estimates it anew from the whole.")
    if posting.kind == PostingKind.GIVE_BACK.value:
        raise DomainError("Credit that came back from a refund is not reversed. Use it again for the invoice instead.")
    if not reason.strip():
        raise DomainError("Say why this posting is reversed.")
    if posting.kind == PostingKind.REVERSE.value:
        raise DomainError("A reversal stands. Post the entry anew instead of reversing its reversal.")
    if booked_on < posting.booked_on:
        raise DomainError(f"A reversal cannot be booked before the posting itself ({day_text(posting.booked_on)}).")
    lock_account(posting.account_id)
    # It stands as it was booked first, whatever the day, the reason and the person of whoever asks again.
    if known := Posting.objects.filter(reverses=posting).first():
        return known
    check_intact(posting)
    lines = lines_of(posting.pk)
    reversal = write_posting(
        reverse_key(posting.pk),
        PostingKind.REVERSE,
        reversed_lines(lines),
        account_id=posting.account_id,
        cause=f"Reversal: {reason.strip()}"[:300],
        booked_on=booked_on,
        acting_user=acting_user,
        reverses=posting.pk,
        reason=reason.strip(),
    )
    if posting.kind == PostingKind.ISSUE.value:
        for line in lines:
            if line.lot:
                refund(offer_of_lot(line.lot))
    return reversal


def check_intact(posting: Posting) -> None:
    """Raise DomainError when some of a customer's posting was undone by a refund, or of its credit used since."""
    if Posting.objects.filter(key__startswith=give_back_key(posting.pk, "")).exists():
        raise DomainError("Some of this credit came back from a refund. Void the invoice instead.")
    lines = lines_of(posting.pk)
    held = {line.currency for line in lines}
    rooms = {r.lot: r.left for currency in held for r in lot_rooms(posting.account_id or 0, currency)}
    for line in lines:
        if line.lot and line.amount < 0 and rooms[line.lot] < -line.amount:
            used = -line.amount - rooms[line.lot]
            raise DomainError(
                f"{money(used, line.currency)} of this credit was used or has lapsed. Reverse that posting first."
            )


def _same_redemption(known: Posting, account_id: int, amount: Decimal, currency: str, invoice: str) -> Posting:
    paid = {line.currency: -line.amount for line in lines_of(known.pk) if line.book is Book.RECEIVABLE}
    if (known.account_id, known.cause, paid) != (account_id, _redemption_cause(invoice), {currency: amount}):
        stands = ", ".join(money(a, c) for c, a in paid.items())
        raise DomainError(
            f"This request id was used before for {stands}, “{known.cause}”, account {known.account_id};"
            f" now it asks for {money(amount, currency)}, “{_redemption_cause(invoice)}”, account {account_id}."
        )
    return known


def redemption_key(request: str) -> str:
    """The business key of a redemption: one a request."""
    return f"redeem:{request}"


def _redemption_cause(invoice: str) -> str:
    return f"Credit applied to invoice {invoice}"[:300]


def lock_account(account_id: int) -> None:
    """One change of an account's credit at a time; the lot rows themselves can never be locked or changed."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s, %s)", [LOCK_OF_ACCOUNTS, account_id % 2**31])
