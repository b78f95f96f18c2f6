"""What the customer balance in billing is asked for, what comes of one request, and when it is asked again. Pure.

Facts of Stripe's API that this stands on (docs.stripe.com/api/idempotent_requests, /billing/customer/balance): a key
is remembered for 24 hours at least; what was answered first is answered again, an error 500 too; what was refused
before it was carried out (429, another request under way) is not remembered; a balance is used when an invoice is
finalised, and is below zero in the customer's favour. So a try of which nobody knows what came is never simply
repeated: billing is asked first whether it did it.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from enum import StrEnum

from loyalty.core.errors import DomainError
from rewards.delivery.backing_off import wait_after

STARTS = {"sk_live_": True, "rk_live_": True, "sk_test_": False, "rk_test_": False}
LONGEST_KEY = 255

# After each failed try; a draft is finalised about an hour after it was made. Then a person looks at it.
WAITS = (
    *(timedelta(seconds=s) for s in (5, 20, 60)),
    *(timedelta(minutes=m) for m in (3, 5, 10, 20)),
    *(timedelta(hours=h) for h in (1, 2, 4, 8, 12, 24)),
)
LONGEST_WAIT = timedelta(hours=6)
# Answers after which it is certain that nothing was done.
NOT_CARRIED_OUT = (401, 403, 429)
# A worker that says nothing for so long after its claim is taken to be dead; above what a request may last.
LEASE = timedelta(seconds=120)


class Result(StrEnum):
    """What came of one request. `again`: not done, or nobody knows; `locked_out`: the key is not let in."""

    DONE = "done"
    AGAIN = "again"
    REFUSED = "refused"
    LOCKED_OUT = "locked_out"


@dataclass(frozen=True)
class Order:
    """A change of one customer's balance; `amount` in `currency`, above zero in the customer's favour.

    `key` is the idempotency key of this try, `mark` what the change is found again by; with `must_look` billing is
    asked for the mark first. Nothing older than `since` (UTC) can be it.
    """

    customer: str
    amount: Decimal
    currency: str
    key: str
    mark: str
    words: str
    must_look: bool
    since: datetime


@dataclass(frozen=True)
class Made:
    """The change as it stands in billing; `balance` after it, above zero in the customer's favour."""

    id: str
    at: datetime
    balance: Decimal


@dataclass(frozen=True)
class Outcome:
    """What came of one try; `status` None when nobody answered.

    `is_remembered`: the same key would only bring the same answer again. `wait` is what billing asked for.
    """

    result: Result
    status: int | None
    told: str
    milliseconds: int
    made: Made | None = None
    wait: timedelta | None = None
    is_remembered: bool = False


def is_live(key: str) -> bool:
    """Whether a key of billing moves real money. Raises DomainError for what is no secret or restricted key."""
    for start, live in STARTS.items():
        if key.startswith(start) and len(start) < len(key) <= LONGEST_KEY and key.isascii() and key.isprintable():
            return live
    raise DomainError("A secret or restricted key of Stripe begins with sk_live_, rk_live_, sk_test_ or rk_test_.")


def result_of(status: int | None) -> Result:
    """What an answer that is no success means; None is no answer."""
    if status in (401, 403):
        return Result.LOCKED_OUT
    if status is None or status in (408, 409, 425, 429) or status >= 500:
        return Result.AGAIN
    return Result.REFUSED


def wait_before(tries: int, asked: timedelta | None = None) -> timedelta | None:
    """How long to wait after so many failed tries, or as long as billing asked; None when a person has to look."""
    return wait_after(tries, WAITS, asked=asked, at_most=LONGEST_WAIT)


def key_of(mark: str, generation: int) -> str:
    """The idempotency key of a change; a later generation is another request to billing."""
    return f"loyalty-{mark}" + (f"-{generation}" if generation else "")


def unused_of(
    amount: Decimal,
    made: Made,
    *,
    finalised_at: datetime,
    before: Decimal | None,
    after: Decimal | None,
) -> Decimal:
    """What a finalised invoice left of our credit of `amount` on the customer's balance.

    `before` and `after`: the balance around its finalisation, above zero in the customer's favour, None when billing
    did not tell. What came later than the finalisation was not used at all; of one second, it came in time when the
    invoice found the balance that it left. What stays of a balance is ours first: the invoice was lowered by as much
    as it asked for beyond what the customer had.
    """
    if before is None or after is None:
        return Decimal(0)
    came_in_time = made.at < finalised_at or (made.at == finalised_at and made.balance == before)
    return min(amount, max(Decimal(0), after)) if came_in_time else amount
