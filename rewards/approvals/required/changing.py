"""How a rule of approval is changed by request; and which offers it would have brought before its function."""

from collections.abc import Mapping
from datetime import timedelta
from decimal import Decimal
from typing import Any

from django.conf import settings
from django.db import connection
from django.urls import reverse
from django.utils import timezone

from loyalty.core.changes.registry import Changeable, Live, Values, anew_at
from loyalty.core.money import money
from loyalty.core.people.rules import FUNCTION_LABELS, Function
from rewards.approvals.required.models import ApprovalRule
from rewards.approvals.required.rules import FIELD_LABELS, clean_values, field_in_words
from rewards.approvals.required.statement import MEETS
from rewards.approvals.required.verbs import KIND, values_of, write_version

MEASURED_DAYS = 365

# The offers of the last year, each with the facts of the day on which it was proposed.
_WOULD_ASK = f"""
WITH asked AS (
    SELECT o.id AS n, o.reward_id, o.discount_equivalent AS value, o.currency, o.exceeded_caps AS exceeded,
           f.plan_segment, NOT EXISTS (
               SELECT FROM rewards_grant g JOIN rewards_offer other ON other.id = g.offer_id
               WHERE other.campaign_id = o.campaign_id AND g.granted_at < o.proposed_at) AS is_first
    FROM rewards_offer o
    LEFT JOIN accounts_accountfacts f
      ON f.account_id = o.account_id AND f.day = (o.proposed_at AT TIME ZONE 'UTC')::date
    WHERE o.proposed_at >= %(since)s
), rule AS (
    SELECT %(above_value)s::numeric AS above_value, %(soft_cap_exceeded)s AS soft_cap_exceeded,
           %(limited_supply)s AS limited_supply, %(kinds)s::text[] AS kinds,
           %(plan_segments)s::text[] AS plan_segments, %(first_use)s AS first_use
)
SELECT count(*), coalesce(sum(asked.value) FILTER (WHERE asked.currency = %(currency)s), 0)
FROM asked JOIN rewards_reward r ON r.id = asked.reward_id JOIN rule ON {MEETS}
"""


def _get(rule_id: int, lock: bool) -> ApprovalRule:
    rows = ApprovalRule.objects.select_for_update(no_key=True) if lock else ApprovalRule.objects.all()
    rule = rows.filter(pk=rule_id).first()
    if rule is None:
        raise LookupError(f"No rule of approval {rule_id}")
    return rule


def read(rule_id: int, lock: bool) -> Live:
    """The rule as it stands now."""
    rule = _get(rule_id, lock)
    return Live(
        label=f"Approval rule “{rule.name}”",
        url=reverse("approval-rule", args=[rule.pk]),
        version=rule.version,
        values=values_of(rule),
        is_live=rule.is_active,
    )


def clean(rule_id: int, values: Values) -> dict[str, Any]:
    """Complete, valid values, or DomainError in words."""
    return clean_values(values_of(_get(rule_id, lock=False)), values)


def deciding(rule_id: int, fields: set[str]) -> Function:
    """The function that the rule calls on."""
    return Function(_get(rule_id, lock=False).function)


def impact(rule_id: int, values: Values) -> list[str]:
    """How many offers of the last year the rule would have brought before the function, against the rule of now."""
    rule = _get(rule_id, lock=False)
    then = would_ask(values) if values["is_active"] else (0, Decimal(0))
    now = would_ask(values_of(rule)) if rule.is_active else (0, Decimal(0))
    return [
        f"Of the offers of the last {MEASURED_DAYS} days it would have brought {_offers(then)} before"
        f" {FUNCTION_LABELS[Function(rule.function)]}; the rule of now would bring {_offers(now)}.",
        "Offers that are open keep the steps that they were proposed with.",
    ]


def would_ask(values: Mapping[str, Any]) -> tuple[int, Decimal]:
    """How many offers of the last year meet the values, and their worth in the reporting currency."""
    since = timezone.now() - timedelta(days=MEASURED_DAYS)
    params: dict[str, Any] = {"since": since, "currency": settings.REPORTING_CURRENCY, **values}
    with connection.cursor() as cursor:
        cursor.execute(_WOULD_ASK, params)
        count, worth = cursor.fetchone()
    return int(count), worth


def _offers(asked: tuple[int, Decimal]) -> str:
    count, worth = asked
    if not count:
        return "no offer"
    return f"{'1 offer' if count == 1 else f'{count:,} offers'} worth {money(worth, settings.REPORTING_CURRENCY)}"


APPROVAL_RULE = Changeable(
    kind=KIND,
    label="approval rule",
    owner_of=deciding,
    read=read,
    clean=clean,
    impact=impact,
    apply=write_version,
    field_labels=FIELD_LABELS,
    in_words=lambda field, value: field_in_words(field, value, settings.REPORTING_CURRENCY),
    edit_url=lambda object_id, change_id: anew_at(reverse("approval-rule", args=[object_id]), change_id),
)
