"""Reading caps: how full they are, who used them. Figures in the measure of the cap, days in UTC."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from decimal import Decimal

from django.db.models import Case, F, QuerySet, Sum, Value, When
from django.db.models.functions import TruncDate

from loyalty.core.periods import FOREVER, Period
from rewards.caps.alerts import alerts_of
from rewards.caps.askers import span_of, spans_of
from rewards.caps.models import Cap, CapAlert, CapEntry, CapPeriod
from rewards.caps.rules import CapEntryKind, CapMeasure, Use, gone_on, quantity
from rewards.caps.scopes import labels_of

STANDING_WORDS = {
    CapEntryKind.RESERVE.value: "reserved",
    CapEntryKind.SPEND.value: "spent",
    CapEntryKind.RELEASE.value: "released",
}


@dataclass(frozen=True)
class CapNow:
    """A cap with what is taken of it in one of its periods."""

    cap: Cap
    covers: str
    period: Period
    use: Use
    gone_on: date | None
    told: tuple[CapAlert, ...] = ()
    """The marks of this limit that people were told of in this period, the lowest first."""

    @property
    def lasts(self) -> bool:
        """Whether the period never ends."""
        return self.period == FOREVER


def caps_now(today: date, *, active: bool = True) -> list[CapNow]:
    """The caps in force (or the withdrawn ones), the fullest first, each in the period of `today`."""
    return now_of(list(Cap.objects.filter(is_active=active)), today)


def now_of(caps: list[Cap], today: date) -> list[CapNow]:
    """These caps, the fullest first, each in the period of `today`."""
    running = CapPeriod.objects.filter(cap__in=caps, starts_on__lte=today, ends_on__gt=today)
    periods = {(period.cap_id, period.starts_on): period for period in running}
    covers = labels_of(caps)
    spans = spans_of(caps, today)
    told = alerts_of(period.pk for period in periods.values())
    shown = [
        _now(cap, covers[cap.pk], spans[cap.pk], periods.get((cap.pk, spans[cap.pk].starts_on)), today, told)
        for cap in caps
    ]
    return sorted(shown, key=lambda c: (-c.use.share, c.cap.pk))


def cap_at(cap: Cap, day: date, today: date) -> CapNow:
    """One cap in its period of `day`, seen from `today`."""
    span = span_of(cap, day)
    period = CapPeriod.objects.filter(cap=cap, starts_on=span.starts_on).first()
    return _now(cap, labels_of([cap])[cap.pk], span, period, today, alerts_of([period.pk] if period else []))


def _now(  # what is read of many caps at once comes in
    cap: Cap, covers: str, span: Period, period: CapPeriod | None, today: date, told: Mapping[int, Sequence[CapAlert]]
) -> CapNow:
    use = Use(cap.limit, measure=CapMeasure(cap.measure))
    if period:
        use = replace(use, reserved=period.reserved, spent=period.spent)
    began = max(span.starts_on, _first_entry_day(period)) if period and span == FOREVER else span.starts_on
    gone = gone_on(use, began, today, span.ends_on) if today in span else None
    return CapNow(cap, covers, span, use, gone, tuple(told.get(period.pk, ())) if period else ())


def _first_entry_day(period: CapPeriod) -> date:
    """When a cap without end began to be used; its pace is counted from there."""
    first = period.entries.order_by("id").values_list("at", flat=True).first()
    return first.date() if first else period.starts_on


def periods_of(cap: Cap) -> list[CapPeriod]:
    """The periods in which anything happened, newest first."""
    return list(cap.periods.order_by("-starts_on")[:24])


@dataclass(frozen=True)
class UsedBy:
    """One offer in one cap period: what it takes and how it stands now."""

    offer_id: int
    account: str
    reward: str
    campaign: str
    amount: Decimal
    measure: CapMeasure
    standing: str
    entry: CapEntry

    @property
    def said(self) -> str:
        """What it takes, for people."""
        return quantity(self.measure, self.amount)


def latest_entries(cap: Cap, starts_on: date) -> QuerySet[CapEntry]:
    """The last entry of each offer in a period: how the offer stands under the cap, newest first."""
    entries = CapEntry.objects.filter(period__cap=cap, period__starts_on=starts_on)
    last = entries.order_by("offer_id", "-id").distinct("offer_id").values("id")
    return (
        CapEntry.objects.filter(id__in=last)
        .select_related("offer__account", "offer__campaign", "period__cap")
        .order_by("-id")
    )


def used_by(entry: CapEntry) -> UsedBy:
    """One row of who used a cap."""
    offer = entry.offer
    return UsedBy(
        offer_id=offer.pk,
        account=offer.account.name,
        reward=offer.reward_name,
        campaign=offer.campaign.name,
        amount=entry.amount,
        measure=CapMeasure(entry.period.cap.measure),
        standing=STANDING_WORDS[entry.kind],
        entry=entry,
    )


def committed_by_day(cap: Cap, span: Period, today: date) -> list[tuple[date, Decimal]]:
    """Reserved plus spent at the end of each day, to `today` or the period's last day.

    From the first day of the period; without one, from the day before the first entry.
    """
    change = Case(
        When(kind=CapEntryKind.RESERVE.value, then=F("amount")),
        When(kind=CapEntryKind.RELEASE.value, then=-F("amount")),
        default=Value(Decimal(0)),
    )
    rows = (
        CapEntry.objects.filter(period__cap=cap, period__starts_on=span.starts_on)
        .values(day=TruncDate("at"))
        .annotate(moved=Sum(change))
        .order_by("day")
    )
    moved = {row["day"]: row["moved"] for row in rows}
    if not moved:
        return []
    day = min(moved) - timedelta(days=1) if span == FOREVER else min(span.starts_on, *moved)
    last = max(min(today, span.ends_on - timedelta(days=1)), *moved)
    level, series = Decimal(0), []
    while day <= last:
        level += moved.get(day, Decimal(0))
        series.append((day, level))
        day += timedelta(days=1)
    return series
