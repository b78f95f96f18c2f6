"""Recognising breakage month by month, and keeping the rate that was accepted."""

from collections.abc import Mapping
from datetime import date
from decimal import Decimal
from typing import Any

from dateutil.relativedelta import relativedelta
from django.db import connection, transaction
from django.utils import timezone

from loyalty.core.audit.rules import AuditVerb
from loyalty.core.audit.verbs import record, record_edit
from loyalty.core.figures import percent_text
from loyalty.core.people.models import User
from rewards.breakage.models import BreakageMonth, BreakageRate, BreakageRateVersion
from rewards.breakage.queries import cohorts_of, first_issue, last_day_of, moves, percent_in_force
from rewards.breakage.rules.rates import rate_of
from rewards.breakage.rules.recognition import movement
from rewards.ledger.queries import breakage_ahead, currencies
from rewards.ledger.rules import PostingKind
from rewards.ledger.verbs import recognise_breakage

LOCK_OF_BREAKAGE = 7203


def recognise_until(day: date) -> int:
    """Work out every month that was over before `day` (UTC) and is not worked out yet; returns how many postings.

    Harmless to repeat and to share: one at a time, and a month of a currency once. A currency begins with
    the month in which there are 12 months of history.
    """
    return sum(_recognise_currency(currency, day) for currency in currencies())


@transaction.atomic
def _recognise_currency(currency: str, day: date) -> int:
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s)", [LOCK_OF_BREAKAGE])
    posted, month = 0, _next_month(currency)
    while month is not None and last_day_of(month) < day:
        posted += _recognise_month(currency, month)
        month += relativedelta(months=1)
    return posted


def _next_month(currency: str) -> date | None:
    done = BreakageMonth.objects.filter(currency=currency).order_by("-month").values_list("month", flat=True).first()
    if done:
        return done + relativedelta(months=1)
    first = first_issue(currency)
    return first.replace(day=1) + relativedelta(months=12) if first else None


def _recognise_month(currency: str, month: date) -> int:
    ends_on = last_day_of(month)
    percent = percent_in_force(currency, ends_on)
    before = BreakageMonth.objects.filter(currency=currency, month__lt=month).order_by("-month").first()
    percent_before = before.percent if before else None
    booked = breakage_ahead(currency)
    cohorts = cohorts_of(moves(currency, ends_on + relativedelta(days=1))).values()
    moved = movement(cohorts, booked=booked, rate_before=rate_of(percent_before), rate=rate_of(percent))
    BreakageMonth.objects.create(
        month=month,
        currency=currency,
        percent_before=percent_before,
        percent=percent,
        booked_before=booked,
        breakage=moved.breakage,
        reestimate=moved.reestimate,
    )
    posted = 0
    for kind, amount, why in (
        (PostingKind.BREAKAGE, moved.breakage, f"in proportion to redemptions, at {_told(percent_before)}"),
        (PostingKind.REESTIMATE, moved.reestimate, f"catch-up from {_told(percent_before)} to {_told(percent)}"),
    ):
        if amount:
            cause = f"Breakage of {month:%B %Y}: {why}"
            recognise_breakage(kind, amount, currency, month=month, booked_on=ends_on, cause=cause)
            posted += 1
    return posted


def _told(percent: Decimal | None) -> str:
    return "no breakage" if percent is None else percent_text(percent / 100)


@transaction.atomic
def rate_of_currency(currency: str, today: date) -> BreakageRate:
    """The rate of a currency, made (none assumed) when there is none yet."""
    rate, is_new = BreakageRate.objects.get_or_create(currency=currency, defaults={"effective_on": today})
    if is_new:
        _keep(rate)
        record(
            AuditVerb.CREATED,
            acting_user=None,
            object_type="breakage_rate",
            object_id=rate.pk,
            object_label=str(rate),
            after=values_of(rate),
            reason="No breakage is assumed until Finance accepts a rate",
        )
    return rate


@transaction.atomic
def write_version(rate_id: int, values: Mapping[str, Any], acting_user: User, reason: str) -> None:
    """Make the values the next version of the rate."""
    rate = BreakageRate.objects.select_for_update(no_key=True).get(pk=rate_id)
    before = values_of(rate)
    rate.percent = None if values["percent"] is None else Decimal(values["percent"])
    rate.effective_on = date.fromisoformat(values["effective_on"])
    rate.version += 1
    rate.save()
    _keep(rate)
    after = values_of(rate)
    record_edit(
        acting_user=acting_user,
        object_type="breakage_rate",
        object_id=rate.pk,
        object_label=str(rate),
        before=before,
        after=after,
        version=rate.version,
        reason=reason,
    )


def values_of(rate: BreakageRate) -> dict[str, Any]:
    """The editable fields as JSON values."""
    percent = None if rate.percent is None else f"{rate.percent:.2f}"
    return {"percent": percent, "effective_on": rate.effective_on.isoformat()}


def _keep(rate: BreakageRate) -> None:
    BreakageRateVersion.objects.create(
        rate=rate,
        version=rate.version,
        percent=rate.percent,
        effective_on=rate.effective_on,
        accepted_at=timezone.now(),
    )
