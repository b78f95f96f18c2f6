"""Reading rates. Days in UTC."""

from collections import defaultdict
from collections.abc import Iterator
from datetime import date

from django.conf import settings
from django.db import connection

from loyalty.core.money import POINTS
from rewards.rates.models import UnitRate
from rewards.rates.rules import Rates

CSV_HEADER = ["unit", "effective_on", "per_unit", "reporting currency", "source", "kept at"]


def rates_of(unit: str) -> Rates:
    """All rates of a unit in the reporting currency."""
    rows = UnitRate.objects.filter(unit=unit, reporting=settings.REPORTING_CURRENCY)
    return Rates(unit, settings.REPORTING_CURRENCY, rows.values_list("effective_on", "per_unit"))


def kept() -> dict[str, list[UnitRate]]:
    """Rates by unit, points first, the latest of each first."""
    found: dict[str, list[UnitRate]] = defaultdict(list)
    for rate in UnitRate.objects.filter(reporting=settings.REPORTING_CURRENCY).select_related("kept_by"):
        found[rate.unit].append(rate)
    return dict(sorted(found.items(), key=lambda item: (item[0] != POINTS, item[0])))


def points_now(day: date) -> UnitRate | None:
    """The rate of points on a day, or None while there is none."""
    rows = UnitRate.objects.filter(unit=POINTS, reporting=settings.REPORTING_CURRENCY, effective_on__lte=day)
    return rows.order_by("-effective_on").first()


def last_closed() -> date | None:
    """The last closed month by its first day; months are closed on a higher floor, here they are only a table."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT max(month) FROM rewards_closedmonth WHERE is_closed")
        found: date | None = cursor.fetchone()[0]
    return found


def csv_rows() -> Iterator[list[object]]:
    """One row a rate; what is exported can be taken in again."""
    for rate in UnitRate.objects.order_by("unit", "effective_on").iterator(chunk_size=2000):
        yield [rate.unit, rate.effective_on, rate.per_unit, rate.reporting, rate.source, rate.kept_at]
