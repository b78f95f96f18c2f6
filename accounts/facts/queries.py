"""Reading account facts."""

from datetime import date, datetime

from accounts.facts.models import AccountFacts, FactsDirty
from accounts.records.models import Account


def facts_on(account: Account, day: date) -> AccountFacts | None:
    """How things stood at the end of a day (UTC); None when that day was never worked out."""
    return AccountFacts.objects.filter(account=account, day=day).first()


def latest(account: Account) -> AccountFacts | None:
    """The facts of the latest day that was worked out; None when there is none yet."""
    return AccountFacts.objects.filter(account=account).order_by("-day").first()


def latest_day(*, before: date | None = None) -> date | None:
    """The latest day (before another one) that facts were worked out for, of any account; None when there is none."""
    rows = AccountFacts.objects.all() if before is None else AccountFacts.objects.filter(day__lt=before)
    return rows.order_by("-day").values_list("day", flat=True).first()


def dirty_since(_now: datetime) -> datetime | None:
    """When the dirty mark that has waited longest was made, of those not held back; None when all are served."""
    return FactsDirty.objects.filter(held_since=None).order_by("pk").values_list("marked_at", flat=True).first()
