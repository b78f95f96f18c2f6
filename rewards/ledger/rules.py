"""The chart of accounts, the kinds of posting, and the lines that each kind has.

Double entry: debit positive, credit negative, the lines of a posting sum to zero
per currency. A credit is owed from the day it is granted (the liability grows)
until it is used, lapses or is taken back (it shrinks).
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from enum import StrEnum

from loyalty.core.money import money

ZERO = Decimal("0.00")


class PostingKind(StrEnum):
    """Why the books moved; each kind is one column of the roll-forward."""

    ISSUE = "issue"
    REDEEM = "redeem"
    EXPIRE = "expire"
    REVERSE = "reverse"
    GIVE_BACK = "give_back"
    BREAKAGE = "breakage"
    REESTIMATE = "reestimate"

    @property
    def in_words(self) -> str:
        """What was posted, as the audit tells it."""
        return _KIND_WORDS[self]


_KIND_WORDS: dict[PostingKind, str] = {
    PostingKind.ISSUE: "a credit granted",
    PostingKind.REDEEM: "a credit used",
    PostingKind.EXPIRE: "a credit lapsed",
    PostingKind.REVERSE: "a reversal",
    PostingKind.GIVE_BACK: "a credit given back",
    PostingKind.BREAKAGE: "breakage recognised",
    PostingKind.REESTIMATE: "breakage estimated anew",
}


class Book(StrEnum):
    """The ledger accounts of the programme. Amounts: debit positive, credit negative."""

    LIABILITY = "credit_liability"
    REWARD_COST = "reward_cost"
    RECEIVABLE = "receivable"
    BREAKAGE = "breakage_income"
    AHEAD = "breakage_ahead"


OWED = (Book.LIABILITY, Book.AHEAD)
"""What the liability is made of: credits at their face, less the breakage recognised before they lapse."""

BOOK_LABELS: dict[Book, str] = {
    Book.LIABILITY: "Credits granted, not yet used (liability)",
    Book.REWARD_COST: "Cost of rewards",
    Book.RECEIVABLE: "Customer invoices",
    Book.BREAKAGE: "Credits that lapsed",
    Book.AHEAD: "Breakage recognised before credits lapse (lowers the liability)",
}


@dataclass(frozen=True)
class Line:
    """One side of a posting to be: debit positive, credit negative; `lot` names a credit lot."""

    book: Book
    amount: Decimal
    currency: str
    lot: int | None = None


@dataclass(frozen=True)
class LotRoom:
    """What is left of a credit lot, and what orders its use."""

    lot: int
    left: Decimal
    expires_on: date
    issued_on: date


def issue_key(grant_id: int) -> str:
    """The business key of the posting that issues a grant's credit: one a grant."""
    return f"issue:grant:{grant_id}"


def reverse_key(posting_id: int) -> str:
    """The business key of the posting that reverses another: one a posting."""
    return f"reverse:posting:{posting_id}"


def give_back_key(posting_id: int, request: str) -> str:
    """The business key of what a refund gives back of a redemption: one a redemption and request."""
    return f"give_back:{posting_id}:{request}"


def expire_key(lot_id: int, last_line_id: int) -> str:
    """The business key of a lot's expiry: one for each state that the lot was in.

    A lot may expire a second time, when a voided invoice gave credit back to it.
    """
    return f"expire:lot:{lot_id}:after:{last_line_id}"


def breakage_key(kind: PostingKind, month: date, currency: str) -> str:
    """The business key of a month's breakage: one a month, currency and kind (by use, or by a new estimate)."""
    return f"{kind.value}:{month:%Y-%m}:{currency}"


def issue_lines(amount: Decimal, currency: str, lot: int) -> list[Line]:
    """A credit is granted: it costs us, and we owe it."""
    return [Line(Book.REWARD_COST, amount, currency), Line(Book.LIABILITY, -amount, currency, lot)]


def redeem_lines(taken: Sequence[tuple[int, Decimal]], currency: str) -> list[Line]:
    """A credit lowers an invoice: we owe less credit, the customer owes less money."""
    total = sum((amount for _, amount in taken), ZERO)
    return [
        *(Line(Book.LIABILITY, amount, currency, lot) for lot, amount in taken),
        Line(Book.RECEIVABLE, -total, currency),
    ]


def give_back_lines(given: Sequence[tuple[int, Decimal]], currency: str) -> list[Line]:
    """Credit comes back from an invoice that was refunded: the mirror of its use, in part."""
    return reversed_lines(redeem_lines(given, currency))


def expire_lines(amount: Decimal, currency: str, lot: int) -> list[Line]:
    """A credit lapses unused: we owe it no longer."""
    return [Line(Book.LIABILITY, amount, currency, lot), Line(Book.BREAKAGE, -amount, currency)]


def breakage_lines(amount: Decimal, currency: str) -> list[Line]:
    """Credits that we expect never to be used: we owe so much less. A negative amount takes it back."""
    return [Line(Book.AHEAD, amount, currency), Line(Book.BREAKAGE, -amount, currency)]


def reversed_lines(lines: Iterable[Line]) -> list[Line]:
    """The same lines with the other sign."""
    return [Line(line.book, -line.amount, line.currency, line.lot) for line in lines]


def take_from(
    lots: Iterable[LotRoom], amount: Decimal, today: date, there: date | None = None
) -> list[tuple[int, Decimal]]:
    """Which lots pay for `amount`: first what expires first, then the older, then the lower id.

    A lot counts from the day (UTC) of its issue through its last day, which is one of the customer's own days:
    `there` is theirs, `today` when it is not given. Takes less than `amount` when there is not
    enough; the caller sees it in the sum.
    """
    usable = [lot for lot in lots if lot.left > 0 and lot.issued_on <= today and (there or today) <= lot.expires_on]
    taken: list[tuple[int, Decimal]] = []
    for lot in sorted(usable, key=lambda o: (o.expires_on, o.issued_on, o.lot)):
        part = min(lot.left, amount)
        if part <= 0:
            break
        taken.append((lot.lot, part))
        amount -= part
    return taken


def give_to(used: Mapping[int, Decimal], order: Sequence[int], amount: Decimal) -> list[tuple[int, Decimal]]:
    """Which lots get `amount` back, of what each has `used`: the lot that was used last is the first.

    `order` is the order of use. Gives less than `amount` when less was used; the caller sees it in the sum.
    """
    given: list[tuple[int, Decimal]] = []
    for lot in reversed(order):
        part = min(used[lot], amount)
        if part > 0:
            given.append((lot, part))
            amount -= part
    return given


@dataclass(frozen=True)
class RollForwardMonth:
    """How the liability moved in one month; `month` is its first day. Money in one currency.

    `reversed` is net: a reversed issue takes away; a reversed redemption, and credit that
    comes back from a refunded invoice, count negative. `breakage` is what was recognised ahead of lapse by
    use and by new estimates together; it lowers the liability, so a negative one raises it.
    """

    month: date
    opening: Decimal
    issued: Decimal
    redeemed: Decimal
    expired: Decimal
    reversed: Decimal
    breakage: Decimal

    @property
    def month_before(self) -> date:
        """The month whose end is the opening, by its last day."""
        return self.month - timedelta(days=1)

    @property
    def gone(self) -> Decimal:
        """What left the liability: redeemed + expired + reversed + breakage."""
        return self.redeemed + self.expired + self.reversed + self.breakage

    @property
    def closing(self) -> Decimal:
        """opening + issued − redeemed − expired − reversed − breakage."""
        return self.opening + self.issued - self.gone

    @property
    def lowered_by_breakage(self) -> Decimal:
        """Breakage as it moves the liability: negative when it lowers it."""
        return -self.breakage


def total_of(rows: Sequence[RollForwardMonth]) -> RollForwardMonth:
    """Consecutive months as one: opens with the first, closes with the last. Raises IndexError without any."""
    return RollForwardMonth(
        month=rows[0].month,
        opening=rows[0].opening,
        issued=sum((r.issued for r in rows), ZERO),
        redeemed=sum((r.redeemed for r in rows), ZERO),
        expired=sum((r.expired for r in rows), ZERO),
        reversed=sum((r.reversed for r in rows), ZERO),
        breakage=sum((r.breakage for r in rows), ZERO),
    )


def roll_forward(
    months: Sequence[date], opening: Decimal, moved: Mapping[tuple[date, PostingKind], Decimal]
) -> list[RollForwardMonth]:
    """Chain consecutive months: each opens with what the one before closed with.

    `moved` is how much the liability shrank (positive) by month and kind, so an
    issue is negative in it.
    """
    rows: list[RollForwardMonth] = []
    for month in months:
        rows.append(
            RollForwardMonth(
                month=month,
                opening=rows[-1].closing if rows else opening,
                issued=-moved.get((month, PostingKind.ISSUE), ZERO),
                redeemed=moved.get((month, PostingKind.REDEEM), ZERO),
                expired=moved.get((month, PostingKind.EXPIRE), ZERO),
                reversed=moved.get((month, PostingKind.REVERSE), ZERO)
                + moved.get((month, PostingKind.GIVE_BACK), ZERO),
                breakage=moved.get((month, PostingKind.BREAKAGE), ZERO)
                + moved.get((month, PostingKind.REESTIMATE), ZERO),
            )
        )
    return rows


@dataclass(frozen=True)
class Problem:
    """One row of the books that does not add up: what should hold, which row, and how it stands."""

    what: str
    row: str
    words: str


@dataclass(frozen=True)
class Agreement:
    """The liability of one currency, come to in three ways, as of one moment.

    `by_lots` is what is left of the credit lots less `ahead`, the breakage recognised before they lapse.
    """

    currency: str
    at: datetime
    by_postings: Decimal
    by_months: Decimal
    by_lots: Decimal
    ahead: Decimal

    @property
    def holds(self) -> bool:
        return self.by_postings == self.by_months == self.by_lots

    @property
    def statement(self) -> str:
        """The equality in words, or what differs."""
        total, months = (money(a, self.currency) for a in (self.by_postings, self.by_months))
        if self.holds:
            return f"liability {total} = roll-forward closing {months} = left of the lots {self._lots}"
        return f"liability {total}, roll-forward closing {months}, left of the lots {self._lots}: these must be equal"

    @property
    def in_words(self) -> str:
        """The same for the page, as a sentence."""
        total, months = (money(a, self.currency) for a in (self.by_postings, self.by_months))
        if self.holds:
            return (
                f"All postings sum to {total}; the months chained come to {months}; the credit lots hold {self._lots}."
            )
        return (
            f"The books disagree: all postings sum to {total}, the months come to {months}, the credit lots hold"
            f" {self._lots}. Run manage.py check_ledger, which names the rows."
        )

    @property
    def _lots(self) -> str:
        told = money(self.by_lots, self.currency)
        if not self.ahead:
            return told
        face, ahead = money(self.by_lots + self.ahead, self.currency), money(self.ahead, self.currency)
        return f"{face} less {ahead} of breakage, {told}"
