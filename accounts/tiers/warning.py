"""Reminding Customer Success of steps down: who was warned of what and when, once for each account, tier and day."""

from datetime import datetime
from typing import Any

from django.db import connection
from django.db.models import QuerySet

from accounts.tiers.falling import Falling, falling
from accounts.tiers.models import TierWarning
from accounts.tiers.queries import scheme_now

_WARN = """
INSERT INTO accounts_tierwarning (account_id, tier_id, falls_to_id, falls_on, why, manager_id)
SELECT a.id, held.id, next.id, t.falls_on, t.why, a.cs_manager_id
FROM unnest(%(accounts)s::bigint[], %(tiers)s::text[], %(falls_to)s::text[], %(falls_on)s::date[], %(why)s::text[])
     AS t(account_id, tier, falls_to, falls_on, why)
JOIN accounts_account a ON a.id = t.account_id
JOIN accounts_tier held ON held.key = t.tier
LEFT JOIN accounts_tier next ON next.key = t.falls_to
ORDER BY a.id
ON CONFLICT DO NOTHING
"""


def warn_of_steps_down() -> int:
    """Record every step down that is ahead, as things stand, and was not warned of yet; returns how many.

    One statement; harmless when repeated, or run by two workers at once.
    """
    scheme = scheme_now()
    found = falling(scheme.scheme) if scheme else []
    if scheme is None or not found:
        return 0
    keys = {step.name: step.key for step in scheme.scheme.steps}
    parameters: dict[str, Any] = {
        "accounts": [one.account_id for one in found],
        "tiers": [keys[one.tier] for one in found],
        "falls_to": [keys.get(one.falls_to) for one in found],
        "falls_on": [one.falls_on for one in found],
        "why": [one.why for one in found],
    }
    with connection.cursor() as cursor:
        cursor.execute(_WARN, parameters)
        return int(cursor.rowcount)


def warnings_since(moment: datetime) -> QuerySet[TierWarning]:
    """The warnings recorded at or after a moment, the oldest first: what whoever tells people of them asks."""
    rows = TierWarning.objects.filter(warned_at__gte=moment).select_related("account", "tier", "falls_to", "manager")
    return rows.order_by("warned_at", "id")


def warning_of(one: Falling) -> TierWarning | None:
    """The warning that was recorded of a step down; None before the night has come by."""
    rows = TierWarning.objects.filter(account=one.account_id, tier__name=one.tier, falls_on=one.falls_on)
    return rows.select_related("manager").first()
