"""What a change of the matrix would have stopped: the offers of the last year, with their value."""

from datetime import timedelta
from decimal import Decimal

from django.conf import settings
from django.db import connection
from django.utils import timezone

from loyalty.core.changes.registry import Values
from loyalty.core.money import money
from rewards.fit.models import FitRule
from rewards.fit.rules import Verdict, terms_of
from rewards.fit.statement import WAS_OFFERED_STATUS, YEARS_WORTH

MEASURED_DAYS = 365

# The offers of the last year, each with the facts of the day on which it was proposed.
STOPPED = f"""
WITH asked AS (
    SELECT o.id, o.account_id, o.reward_id, o.discount_equivalent AS value, o.currency, f.plan_segment,
           f.billing_frequency, {YEARS_WORTH} AS worth, r.kind, r.delivery
    FROM rewards_offer o
    JOIN rewards_reward r ON r.id = o.reward_id
    JOIN accounts_accountfacts f ON f.account_id = o.account_id AND f.day = (o.proposed_at AT TIME ZONE 'UTC')::date
    WHERE o.proposed_at >= %(since)s
)
SELECT count(*), coalesce(sum(asked.value) FILTER (WHERE asked.currency = %(currency)s), 0)
FROM asked
WHERE %(contract)s IN (asked.plan_segment, asked.billing_frequency)
  AND (asked.kind = ANY (%(kinds)s) OR (%(by_hand)s AND asked.delivery = 'by_hand'))
  AND (%(above)s::numeric IS NULL OR asked.value * 100 > %(above)s::numeric * nullif(asked.worth, 0))
  AND (NOT %(before_status)s OR NOT {WAS_OFFERED_STATUS})
"""


def impact(rule_id: int, values: Values) -> list[str]:
    """How many offers of the last year the rule would have stopped, against the rule of now."""
    rule = FitRule.objects.get(pk=rule_id)
    if rule.verdict == Verdict.FITS:
        return ["It recommends and forbids nothing, so it touches no offer."]
    then = _stopped(rule, values) if values["is_active"] else (0, Decimal(0))
    now = _stopped(rule, _values(rule)) if rule.is_active else (0, Decimal(0))
    return [
        f"Of the offers of the last {MEASURED_DAYS} days it would have stopped {_offers(then)};"
        f" the rule of now would stop {_offers(now)}."
    ]


def _values(rule: FitRule) -> Values:
    names = ("kinds", "by_hand", "percent_from", "percent_to", "above_percent", "before_status")
    return {name: getattr(rule, name) for name in names}


def _stopped(rule: FitRule, values: Values) -> tuple[int, Decimal]:
    terms = terms_of(rule.contract, rule.verdict, values)
    with connection.cursor() as cursor:
        cursor.execute(
            STOPPED,
            {
                "since": timezone.now() - timedelta(days=MEASURED_DAYS),
                "currency": settings.REPORTING_CURRENCY,
                "contract": terms.contract.value,
                "kinds": list(terms.kinds),
                "by_hand": terms.by_hand,
                "above": terms.above_percent,
                "before_status": terms.before_status,
            },
        )
        count, value = cursor.fetchone()
    return int(count), value


def _offers(stopped: tuple[int, Decimal]) -> str:
    count, value = stopped
    offers = "1 offer" if count == 1 else f"{count:,} offers"
    return f"{offers} worth {money(value, settings.REPORTING_CURRENCY)}" if count else "no offer"
