"""Reading what was issued and redeemed by month of issue, and what was recognised."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from dateutil.relativedelta import relativedelta
from django.db import connection
from django.db.models import Min

from rewards.breakage.models import BreakageRate, BreakageRateVersion
from rewards.breakage.rules.gate import is_allowed
from rewards.breakage.rules.rates import percent_on
from rewards.breakage.rules.recognition import ZERO, Cohort
from rewards.breakage.rules.survival import Seen
from rewards.breakage.rules.triangle import Estimate, estimate
from rewards.ledger.models import CreditLot
from rewards.ledger.rules import PostingKind

_MOVES = """
SELECT date_trunc('month', lot.issued_on)::date, date_trunc('month', posting.booked_on)::date,
       coalesce(undone.kind, posting.kind), sum(line.amount)
FROM rewards_postingline AS line
JOIN rewards_creditlot AS lot ON lot.id = line.lot_id
JOIN rewards_posting AS posting ON posting.id = line.posting_id
LEFT JOIN rewards_posting AS undone ON undone.id = posting.reverses_id
WHERE line.currency = %s AND posting.booked_on < %s
GROUP BY 1, 2, 3 ORDER BY 1, 2, 3
"""


# What comes back from a refund is so much less redeemed.
_KIND = {PostingKind.GIVE_BACK.value: PostingKind.REDEEM}


@dataclass(frozen=True)
class Moved:
    """How credits issued in `issued_in` moved in the month `booked_in`, net of reversals; months by first day."""

    issued_in: date
    booked_in: date
    kind: PostingKind
    amount: Decimal


def moves(currency: str, before: date) -> list[Moved]:
    """All moves of credits booked before a day; a reversal counts as what it reverses, with the other sign."""
    with connection.cursor() as cursor:
        cursor.execute(_MOVES, [currency, before])
        return [
            Moved(cohort, month, _KIND.get(kind, PostingKind(kind)), -amount if kind == PostingKind.ISSUE else amount)
            for cohort, month, kind, amount in cursor.fetchall()
        ]


def cohorts_of(moved: Sequence[Moved]) -> dict[date, Cohort]:
    """What each month of issue has issued, redeemed and let lapse, by its first day."""
    sums: dict[date, dict[PostingKind, Decimal]] = {}
    for one in moved:
        of_month = sums.setdefault(one.issued_in, {})
        of_month[one.kind] = of_month.get(one.kind, ZERO) + one.amount
    return {
        month: Cohort(
            issued=of.get(PostingKind.ISSUE, ZERO),
            redeemed=of.get(PostingKind.REDEEM, ZERO),
            expired=of.get(PostingKind.EXPIRE, ZERO),
        )
        for month, of in sorted(sums.items())
    }


@dataclass(frozen=True)
class CohortCurve:
    """One month of issue: what it issued, and what was redeemed of it up to each age in months, in one currency."""

    month: date
    issued: Decimal
    redeemed: list[Decimal]

    @property
    def shares(self) -> list[Decimal]:
        return [amount / self.issued for amount in self.redeemed]


def curves_of(moved: Sequence[Moved], this_month: date) -> list[CohortCurve]:
    """The redemption curve of each month of issue through the last month that is over, the oldest first."""
    used: dict[date, dict[int, Decimal]] = {}
    for one in moved:
        if one.kind is PostingKind.REDEEM:
            by_age = used.setdefault(one.issued_in, {})
            age = _months_between(one.issued_in, one.booked_in)
            by_age[age] = by_age.get(age, ZERO) + one.amount
    found = []
    for month, cohort in cohorts_of(moved).items():
        if month >= this_month or cohort.issued <= 0:
            continue
        total, row = ZERO, []
        for age in range(_months_between(month, this_month)):
            total += used.get(month, {}).get(age, ZERO)
            row.append(total)
        found.append(CohortCurve(month, cohort.issued, row))
    return found


def survival_of(moved: Sequence[Moved], this_month: date) -> list[Seen]:
    """Each piece of credit by age in months, weighed in money: redeemed then, or lapsed or still open then."""
    seen = []
    for one in moved:
        age = _months_between(one.issued_in, one.booked_in)
        if one.kind in (PostingKind.REDEEM, PostingKind.EXPIRE) and one.amount > 0:
            seen.append(Seen(age, one.kind is PostingKind.REDEEM, one.amount))
    for month, cohort in cohorts_of(moved).items():
        if cohort.left > 0:
            seen.append(Seen(_months_between(month, this_month), False, cohort.left))
    return seen


def estimate_of(curves: Sequence[CohortCurve]) -> Estimate | None:
    """What the curves say of the end; None while they cannot say anything."""
    return estimate([c.issued for c in curves], [c.redeemed for c in curves])


def first_issue(currency: str) -> date | None:
    """The day of the first credit in a currency."""
    first: date | None = CreditLot.objects.filter(currency=currency).aggregate(first=Min("issued_on"))["first"]
    return first


def rate_now(currency: str) -> BreakageRate | None:
    """The rate of a currency as it was last accepted; None before any was asked for."""
    return BreakageRate.objects.filter(currency=currency).first()


def percent_in_force(currency: str, day: date) -> Decimal | None:
    """The percent that holds on a day, none before there are 12 months of history."""
    if not is_allowed(first_issue(currency), day):
        return None
    versions = BreakageRateVersion.objects.filter(rate__currency=currency)
    return percent_on(day, versions.values_list("version", "effective_on", "percent"))


def last_day_of(month: date) -> date:
    """The last day of the month that begins on `month`."""
    return month + relativedelta(months=1, days=-1)


def _months_between(first: date, last: date) -> int:
    return (last.year - first.year) * 12 + last.month - first.month
