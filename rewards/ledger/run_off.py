"""How credits run off: which invoices they lower, and what lapses before an invoice comes. Pure.

Assumes that every subscription renews on the terms of today; nobody's churn is guessed.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal

from dateutil.relativedelta import relativedelta

from loyalty.core.money import cents
from rewards.ledger.rules import ZERO

MONTHS_A_BILL = {"monthly": 1, "annual": 12}


@dataclass(frozen=True)
class Billed:
    """What is known of a subscription's bills: from `anchor` on, every `months`, `amount` each, before `ends_on`."""

    anchor: date
    months: int
    amount: Decimal
    ends_on: date | None = None

    def bills(self, since: date, until: date) -> Iterator[date]:
        """The days in [since, until) on which it is billed; a month that is too short bills on its last day."""
        end = until if self.ends_on is None else min(until, self.ends_on)
        between = (since.year - self.anchor.year) * 12 + since.month - self.anchor.month
        turn = between // self.months
        while (day := self.anchor + relativedelta(months=turn * self.months)) < end:
            if day >= since:
                yield day
            turn += 1


def billed(
    frequency: str, mrr: Decimal, anchor: date, contract_months: int | None, ends_on: date | None
) -> Billed | None:
    """How a subscription is billed, a multi-year one once a contract; None when that is not known or is nothing."""
    months = MONTHS_A_BILL.get(frequency) or (contract_months if frequency == "multi_year" else None)
    return Billed(anchor, months, cents(mrr * months), ends_on) if months and mrr > 0 else None


@dataclass(frozen=True)
class Step:
    """On a day, `amount` of credit lowers an invoice of `invoice`; or lapses, and `invoice` is None."""

    on: date
    amount: Decimal
    invoice: Decimal | None = None


def run_off(
    lots: Sequence[tuple[date, Decimal]], bills: Sequence[tuple[date, Decimal]], since: date, until: date
) -> tuple[list[Step], Decimal]:
    """What becomes of one customer's credits on [since, until), in the order of days, and what is left then.

    `lots` are (last day, left), `bills` (day, amount); a credit is used on its last day still and lapses the
    day after. An invoice takes what expires first. Money in one currency.
    """
    waiting, steps = sorted(lots), []
    for day, amount in [*sorted(bills), (until, ZERO)]:
        while waiting and waiting[0][0] < day and waiting[0][0] + timedelta(days=1) < until:
            last_day, left = waiting.pop(0)
            steps.append(Step(max(last_day + timedelta(days=1), since), left))
        taken = ZERO
        while waiting and taken < amount:
            last_day, left = waiting.pop(0)
            part = min(left, amount - taken)
            taken += part
            if part < left:
                waiting.insert(0, (last_day, left - part))
        if taken:
            steps.append(Step(day, taken, amount))
    return steps, sum((left for _, left in waiting), ZERO)


@dataclass(frozen=True)
class ForecastMonth:
    """One month to come, by its first day: `closing` is what is left of the credits that stand today, at face."""

    month: date
    opening: Decimal
    used: Decimal
    lapsed: Decimal

    @property
    def closing(self) -> Decimal:
        return self.opening - self.used - self.lapsed


def by_month(months: Sequence[date], opening: Decimal, steps: Sequence[Step]) -> list[ForecastMonth]:
    """The steps of all customers, chained by consecutive months."""
    rows: list[ForecastMonth] = []
    for month in months:
        mine = [step for step in steps if (step.on.year, step.on.month) == (month.year, month.month)]
        used = sum((s.amount for s in mine if s.invoice is not None), ZERO)
        lapsed = sum((s.amount for s in mine if s.invoice is None), ZERO)
        rows.append(ForecastMonth(month, rows[-1].closing if rows else opening, used, lapsed))
    return rows
