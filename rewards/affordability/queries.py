"""Reading what the assumptions are, and what the company's own facts and books say beside them.

Twelve months are those that end today, days in UTC. Accounts count as things stand on the latest day with facts.
"""

from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

from dateutil.relativedelta import relativedelta
from django.conf import settings
from django.db import connection
from django.utils import timezone

from accounts.conditions.rules.vocabulary import ROW
from accounts.facts.queries import AS_THINGS_STAND, latest_day
from accounts.tiers.queries import scheme_now, tier_choices
from loyalty.core.money import POINTS
from rewards.affordability.models import AssumptionSet
from rewards.affordability.rules.assumptions import UNSET
from rewards.affordability.rules.economics import Cell
from rewards.affordability.rules.first_reward import Waiting, waiting_of
from rewards.affordability.verbs import ONLY
from rewards.breakage.rules.survival import Seen
from rewards.campaigns.worth import NOT_TAKEN
from rewards.ledger.rules import Book

_STANDS = f"""
stands AS MATERIALIZED (
    SELECT {ROW}.account_id, {ROW}.plan_segment, {ROW}.tier, {ROW}.mrr
    FROM accounts_accountfacts {ROW} WHERE {AS_THINGS_STAND}
)"""

# Credits cost what the books say, reversals among it; other rewards their marginal cost, by the terms of their day.
_CELLS = f"""
WITH {_STANDS}, credits AS (
    SELECT posting.account_id, line.currency, posting.booked_on AS day, sum(line.amount) AS cost
    FROM rewards_postingline AS line
    JOIN rewards_ledgeraccount AS book ON book.id = line.ledger_account_id AND book.code = '{Book.REWARD_COST.value}'
    JOIN rewards_posting AS posting ON posting.id = line.posting_id
    WHERE posting.booked_on > %(since)s
    GROUP BY 1, 2, 3
), grants AS (
    SELECT given.account_id, (given.granted_at AT TIME ZONE 'UTC')::date AS day, offer.currency, reward.is_credit,
           offer.discount_equivalent,
           CASE WHEN reward.value_basis <> 'fixed' THEN offer.face_value
                ELSE coalesce((terms.values ->> 'marginal_cost')::numeric, reward.marginal_cost) END AS cost
    FROM rewards_grant AS given
    JOIN rewards_offer AS offer ON offer.id = given.offer_id
    JOIN rewards_reward AS reward ON reward.id = offer.reward_id
    LEFT JOIN LATERAL (
        SELECT version.values FROM rewards_rewardversion AS version
        WHERE version.reward_id = reward.id AND version.effective_at <= offer.proposed_at
        ORDER BY version.version DESC LIMIT 1
    ) AS terms ON NOT reward.is_credit
    WHERE given.granted_at >= %(since)s::date + 1 AND offer.state <> ALL (%(not_taken)s)
), parts AS (
    SELECT account_id, cost * unit_rate(currency, %(reporting)s, day) AS cost, 0::numeric AS discount,
           unit_rate(currency, %(reporting)s, day) IS NULL AS is_unrated
    FROM credits
    UNION ALL
    SELECT account_id, CASE WHEN is_credit THEN 0 ELSE cost * rate END, discount_equivalent * rate,
           rate IS NULL AND NOT is_credit
    FROM (
        SELECT *, CASE currency WHEN '{POINTS}' THEN 1 ELSE unit_rate(currency, %(reporting)s, day) END AS rate
        FROM grants
    ) AS rated
), given AS (
    SELECT account_id, coalesce(sum(cost), 0) AS cost, coalesce(sum(discount), 0) AS discount,
           count(*) FILTER (WHERE is_unrated) AS unrated
    FROM parts GROUP BY account_id
)
SELECT stands.plan_segment, stands.tier, count(*) FILTER (WHERE stands.mrr > 0),
       count(*) FILTER (WHERE stands.account_id IS NOT NULL AND stands.mrr IS NULL),
       coalesce(sum(stands.mrr) FILTER (WHERE stands.mrr > 0), 0),
       coalesce(sum(given.cost), 0), coalesce(sum(given.discount), 0), coalesce(sum(given.unrated), 0)::int
FROM stands FULL JOIN given ON given.account_id = stands.account_id
GROUP BY 1, 2 ORDER BY 1, 2
"""

_WAITING = f"""
WITH {_STANDS}, served AS (
    SELECT given.account_id, min((given.granted_at AT TIME ZONE 'UTC')::date) AS day
    FROM rewards_grant AS given JOIN rewards_offer AS offer ON offer.id = given.offer_id
    WHERE offer.state <> ALL (%(not_taken)s) GROUP BY 1
), followed AS (
    SELECT served.day IS NOT NULL AS is_event,
           age(coalesce(served.day, %(today)s::date), greatest(account.signed_up_on, programme.began)) AS aged
    FROM stands JOIN accounts_account AS account ON account.id = stands.account_id
    JOIN (SELECT min(day) AS began FROM served) AS programme ON programme.began IS NOT NULL
    LEFT JOIN served ON served.account_id = stands.account_id
    WHERE stands.mrr > 0
)
SELECT greatest(extract(year FROM aged) * 12 + extract(month FROM aged)
                + (is_event AND extract(day FROM aged) > 0)::int, 0)::int, is_event, count(*)
FROM followed GROUP BY 1, 2 ORDER BY 1, 2
"""


@dataclass(frozen=True)
class Found:
    """What the facts and the books say. `day` of the facts, None before there are any; `first` grant ever, or None."""

    day: date | None
    cells: list[Cell]
    first: date | None
    today: date

    @property
    def is_a_full_year(self) -> bool:
        """Whether rewards have been granted for twelve months, so that their cost is that of a whole year."""
        return self.first is not None and self.first + relativedelta(years=1) <= self.today


def assumptions_now() -> AssumptionSet:
    """The assumptions as they stand; with nothing set, and not written, before anybody asked for them."""
    return AssumptionSet.objects.filter(pk=ONLY).first() or AssumptionSet(pk=ONLY, values=dict(UNSET))


def tier_names() -> dict[str, str]:
    """The names of the tiers by key, the lowest first: those of the scheme, then those that were."""
    scheme = scheme_now()
    names = {choice.value: choice.label for choice in tier_choices()}
    steps = [step.key for step in scheme.scheme.steps] if scheme else []
    return {key: names[key] for key in [*steps, *(key for key in names if key not in steps)]}


def found_now() -> Found:
    """The accounts by plan segment and tier, with what their rewards cost over twelve months; two statements."""
    day, today = latest_day(), timezone.now().date()
    first = _one("SELECT min((granted_at AT TIME ZONE 'UTC')::date) FROM rewards_grant")
    if day is None:
        return Found(None, [], first, today)
    params = _params(day) | {"since": today - relativedelta(years=1), "reporting": settings.REPORTING_CURRENCY}
    with connection.cursor() as cursor:
        cursor.execute(_CELLS, params)
        return Found(day, [Cell(*row) for row in cursor.fetchall()], first, today)


def waiting_now() -> Waiting:
    """How long accounts that pay wait, or waited, for their first reward."""
    day = latest_day()
    if day is None:
        return waiting_of([])
    with connection.cursor() as cursor:
        cursor.execute(_WAITING, _params(day) | {"today": timezone.now().date()})
        return waiting_of([Seen(months, is_event, Decimal(count)) for months, is_event, count in cursor.fetchall()])


def _params(day: date) -> dict[str, Any]:
    return {"day": day, "not_taken": NOT_TAKEN}


def _one(statement: str) -> Any:
    with connection.cursor() as cursor:
        cursor.execute(statement)
        return cursor.fetchone()[0]
