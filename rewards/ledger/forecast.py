"""Reading what the forecast of the liability is made of: open credits, the bills to come, and how fast credits come."""

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from dateutil.relativedelta import relativedelta
from django.db import connection

from accounts.records.spans import spans_of
from loyalty.core.money import cents
from rewards.ledger.rules import ZERO, Book, PostingKind
from rewards.ledger.run_off import Billed, ForecastMonth, Step, billed, by_month, run_off

MONTHS = 12
PACE_DAYS = 90
CSV_HEADER = ["day", "customer id", "customer", "what", "invoice expected", "credit", "currency"]

_OPEN = f"""
SELECT lot.account_id, lot.expires_on, -sum(line.amount)
FROM rewards_postingline AS line
JOIN rewards_ledgeraccount AS book ON book.id = line.ledger_account_id AND book.code = '{Book.LIABILITY.value}'
JOIN rewards_creditlot AS lot ON lot.id = line.lot_id
WHERE line.currency = %(currency)s AND lot.currency = %(currency)s
GROUP BY lot.account_id, lot.expires_on HAVING sum(line.amount) <> 0
"""

_BILLED = f"""
WITH {spans_of("(SELECT * FROM accounts_subscription WHERE account_id = ANY (%(accounts)s))")}
SELECT account_id, billing_frequency, mrr, coalesce(renews_on, starts_on),
       CASE WHEN renews_on IS NOT NULL THEN
           (extract(year FROM age(renews_on, agreed_on)) * 12 + extract(month FROM age(renews_on, agreed_on)))::int
       END, ends_on
FROM spans
WHERE since <= %(today)s AND (until IS NULL OR until > %(today)s) AND NOT is_trial AND NOT is_paused
  AND currency = %(currency)s AND mrr > 0
ORDER BY account_id, subscription_id
"""

# Issued less what was taken back of it, of the last days.
_PACE = f"""
SELECT -coalesce(sum(line.amount), 0)
FROM rewards_posting AS posting
LEFT JOIN rewards_posting AS undone ON undone.id = posting.reverses_id
JOIN rewards_postingline AS line ON line.posting_id = posting.id
JOIN rewards_ledgeraccount AS book ON book.id = line.ledger_account_id AND book.code = '{Book.LIABILITY.value}'
WHERE posting.booked_on > %(since)s AND posting.booked_on <= %(today)s AND line.currency = %(currency)s
  AND (posting.kind = '{PostingKind.ISSUE.value}' OR undone.kind = '{PostingKind.ISSUE.value}')
"""

# Offers stand on a higher floor; here they are only a table.
_PROPOSED = """
SELECT coalesce(sum(offer.face_value), 0)
FROM rewards_offer AS offer JOIN rewards_reward AS reward ON reward.id = offer.reward_id AND reward.is_credit
WHERE offer.state IN ('proposed', 'in_approval') AND offer.currency = %(currency)s
"""


@dataclass(frozen=True)
class CustomerStep:
    """One expected invoice that credit lowers, or one lapse, of one customer."""

    account_id: int
    step: Step


@dataclass(frozen=True)
class Forecast:
    """The next MONTHS months, the running one first, of what is left today in one currency, at face.

    `beyond` is what is left after them. `pace` is what was newly issued a month over the last PACE_DAYS days;
    `proposed` what undecided offers would issue. `unbilled` is what is left of customers of whom no bill is known.
    """

    currency: str
    rows: list[ForecastMonth]
    steps: list[CustomerStep]
    beyond: Decimal
    pace: Decimal
    proposed: Decimal
    unbilled: Decimal

    @property
    def used(self) -> Decimal:
        """By how much credits lower invoices: the cash that does not come in."""
        return sum((row.used for row in self.rows), ZERO)

    @property
    def lapsed(self) -> Decimal:
        return sum((row.lapsed for row in self.rows), ZERO)

    @property
    def with_new(self) -> list[tuple[ForecastMonth, Decimal]]:
        """Each month, and at most what is owed at its end when credits go on being issued at the pace."""
        return [(row, row.closing + cents(self.pace * turn)) for turn, row in enumerate(self.rows, start=1)]


def forecast_of(currency: str, today: date) -> Forecast:
    """Run the open credits off against the bills to come; call it within one snapshot. `today` in UTC."""
    first = today.replace(day=1)
    until = first + relativedelta(months=MONTHS)
    lots = _open(currency)
    bills = bills_of(currency, list(lots), today)
    steps, beyond, unbilled = [], ZERO, ZERO
    for account, open_lots in lots.items():
        # Today's bills, if there are any, have taken their credit already.
        tomorrow = today + timedelta(days=1)
        dated = [(day, each.amount) for each in bills[account] for day in each.bills(tomorrow, until)]
        found, left = run_off(open_lots, dated, today, until)
        steps += [CustomerStep(account, step) for step in found]
        beyond += left
        if not bills[account]:
            unbilled += sum((amount for _, amount in open_lots), ZERO)
    opening = sum((amount for open_lots in lots.values() for _, amount in open_lots), ZERO)
    months = [first + relativedelta(months=n) for n in range(MONTHS)]
    about: dict[str, Any] = {"currency": currency, "today": today, "since": today - timedelta(days=PACE_DAYS)}
    return Forecast(
        currency=currency,
        rows=by_month(months, opening, [s.step for s in steps]),
        steps=sorted(steps, key=lambda s: (s.step.on, s.account_id)),
        beyond=beyond,
        pace=cents(_one(_PACE, about) * 365 / (12 * PACE_DAYS)),
        proposed=_one(_PROPOSED, about),
        unbilled=unbilled,
    )


def csv_rows(forecast: Forecast, names: dict[int, tuple[str, str]]) -> Iterator[list[object]]:
    """One row a step, in the order of days; `names` are external id and name of each customer."""
    for each in forecast.steps:
        step, what = each.step, "lapses" if each.step.invoice is None else "lowers an invoice"
        yield [step.on, *names[each.account_id], what, step.invoice, step.amount, forecast.currency]


def _open(currency: str) -> dict[int, list[tuple[date, Decimal]]]:
    lots: dict[int, list[tuple[date, Decimal]]] = defaultdict(list)
    with connection.cursor() as cursor:
        cursor.execute(_OPEN, {"currency": currency})
        for account, expires_on, left in cursor.fetchall():
            lots[account].append((expires_on, left))
    return lots


def bills_of(currency: str, accounts: list[int], today: date) -> dict[int, list[Billed]]:
    """How each of these accounts is billed in a currency on the terms of `today`; an empty list when nobody knows."""
    bills: dict[int, list[Billed]] = defaultdict(list)
    with connection.cursor() as cursor:
        cursor.execute(_BILLED, {"currency": currency, "accounts": accounts, "today": today})
        for account, *terms in cursor.fetchall():
            if found := billed(*terms):
                bills[account].append(found)
    return bills


def _one(query: str, params: dict[str, Any]) -> Decimal:
    with connection.cursor() as cursor:
        cursor.execute(query, params)
        return Decimal(cursor.fetchone()[0])
