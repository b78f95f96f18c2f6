"""How a breakage rate is changed by request: Finance decides, and sees what the catch-up would be."""

from datetime import date
from decimal import Decimal
from typing import Any

from dateutil.relativedelta import relativedelta
from django.urls import reverse
from django.utils import timezone

from loyalty.core.changes.registry import Changeable, Live, Values, anew_at
from loyalty.core.errors import DomainError
from loyalty.core.figures import day_text
from loyalty.core.money import money
from loyalty.core.people.rules import Function
from rewards.breakage.models import BreakageMonth, BreakageRate
from rewards.breakage.queries import cohorts_of, first_issue, last_day_of, moves
from rewards.breakage.rules.gate import allowed_from, is_allowed
from rewards.breakage.rules.rates import FIELD_LABELS, clean_values, field_in_words, rate_of
from rewards.breakage.rules.recognition import ahead_in_all
from rewards.breakage.verbs import values_of, write_version
from rewards.ledger.queries import breakage_ahead, liability

KIND = "breakage_rate"


def _get(rate_id: int, lock: bool) -> BreakageRate:
    rows = BreakageRate.objects.select_for_update(no_key=True) if lock else BreakageRate.objects.all()
    rate = rows.filter(pk=rate_id).first()
    if rate is None:
        raise LookupError(f"No breakage rate {rate_id}")
    return rate


def read(rate_id: int, lock: bool) -> Live:
    """The rate as it stands now."""
    rate = _get(rate_id, lock)
    address = f"{reverse('breakage')}?currency={rate.currency}"
    return Live(label=str(rate), url=address, version=rate.version, values=values_of(rate), is_live=True)


def clean(rate_id: int, values: Values) -> dict[str, Any]:
    """Complete, valid values, or DomainError in words: too little history, or a month that is worked out already."""
    rate = _get(rate_id, lock=False)
    cleaned = clean_values(values_of(rate), values)
    effective_on = date.fromisoformat(cleaned["effective_on"])
    first = first_issue(rate.currency)
    if cleaned["percent"] is not None and not is_allowed(first, effective_on):
        since = f"; the first was issued on {day_text(first)}, so from {day_text(allowed_from(first))}" if first else ""
        raise DomainError(f"Breakage is assumed only after 12 months of history of credits{since}.")
    done = BreakageMonth.objects.filter(currency=rate.currency).order_by("-month").first()
    if done and effective_on <= last_day_of(done.month):
        raise DomainError(
            f"Breakage up to {day_text(last_day_of(done.month))} is worked out; a new rate holds from a later day."
        )
    return cleaned


def impact(rate_id: int, values: Values) -> list[str]:
    """What would be recognised ahead of lapse if the rate held today, against what the books say."""
    rate, today = _get(rate_id, lock=False), timezone.now().date()
    cohorts = cohorts_of(moves(rate.currency, today + relativedelta(days=1))).values()
    percent = None if values["percent"] is None else Decimal(str(values["percent"]))
    booked, owed = breakage_ahead(rate.currency), liability(rate.currency)
    then = ahead_in_all(cohorts, rate_of(percent))
    face, owed_then, now = (money(a, rate.currency) for a in (owed + booked, owed + booked - then, owed))
    return [
        f"By what was redeemed to date, {money(then, rate.currency)} of breakage would be recognised,"
        f" instead of {money(booked, rate.currency)}.",
        f"The liability would be {owed_then} instead of {now}; the credits' face stays {face}.",
    ]


def _edit_url(rate_id: int, change_id: int) -> str:
    return anew_at(f"{reverse('breakage')}?currency={_get(rate_id, False).currency}", change_id)


BREAKAGE_RATE = Changeable(
    kind=KIND,
    label="breakage rate",
    owner_of=lambda rate_id, fields: Function.FINANCE,
    read=read,
    clean=clean,
    impact=impact,
    apply=write_version,
    field_labels=FIELD_LABELS,
    in_words=field_in_words,
    edit_url=_edit_url,
)
