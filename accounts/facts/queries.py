"""Reading account facts."""

import json
from datetime import date, datetime

from django.db import connection
from django.utils import timezone

from accounts.facts.health import TOLD_SQL, Health, health_of
from accounts.facts.models import AccountFacts, FactsDirty
from accounts.records.models import Account

# Rows `f` as things stand on the latest day with facts, `day`: until the nightly run has come by, accounts that
# nothing happened to today stand on yesterday.
AS_THINGS_STAND = """(f.day = %(day)s OR (f.day = %(day)s::date - 1 AND NOT EXISTS (
    SELECT FROM accounts_accountfacts newer WHERE newer.account_id = f.account_id AND newer.day = %(day)s)))"""

_HEALTH = f"""
SELECT jsonb_build_object({TOLD_SQL})::text FROM accounts_accountfacts AS f
WHERE f.account_id = %(account)s AND f.day = %(day)s
"""


def facts_on(account: Account, day: date) -> AccountFacts | None:
    """How things stood at the end of a day (UTC); None when that day was never worked out."""
    return AccountFacts.objects.filter(account=account, day=day).first()


def latest(account: Account) -> AccountFacts | None:
    """The facts of the latest day that was worked out, as `latest_day` has it; None when there is none yet."""
    rows = AccountFacts.objects.filter(account=account).order_by("-day")
    return rows.filter(day__lte=_today()).first() or rows.first()


def health_by(facts: AccountFacts) -> Health:
    """How the account did at the end of the day of these facts."""
    with connection.cursor() as cursor:
        cursor.execute(_HEALTH, {"account": facts.account_id, "day": facts.day})
        (told,) = cursor.fetchone()
    return health_of(json.loads(told))


def latest_day(*, before: date | None = None) -> date | None:
    """The latest day that facts were worked out for, of any account; None when there is none.

    It is the latest before another one or, by default, up to today (UTC): a day ahead that somebody had swept is
    not how things stand, unless there are no others.
    """
    days = AccountFacts.objects.order_by("-day").values_list("day", flat=True)
    if before is not None:
        return days.filter(day__lt=before).first()
    return days.filter(day__lte=_today()).first() or days.first()


def _today() -> date:
    return timezone.now().date()


def dirty_since(_now: datetime) -> datetime | None:
    """When the dirty mark that has waited longest was made, of those not held back; None when all are served."""
    return FactsDirty.objects.filter(held_since=None).order_by("pk").values_list("marked_at", flat=True).first()
