"""How the rate of points is changed by request: Finance decides, and sees what those outstanding would be worth."""

from decimal import Decimal
from typing import Any

from django.conf import settings
from django.db import connection
from django.urls import reverse
from django.utils import timezone

from loyalty.core.changes.registry import Changeable, Live, Values, anew_at
from loyalty.core.money import POINTS, cents, money
from loyalty.core.people.rules import Function
from rewards.rates.models import UnitRate
from rewards.rates.queries import points_now
from rewards.rates.rules import FIELD_LABELS, clean_points, field_in_words
from rewards.rates.verbs import write_points

KIND = "points_rate"
OBJECT = 1

# The ledger stands on a higher floor; here it is only tables.
_OUTSTANDING = """
SELECT -coalesce(sum(line.amount), 0) FROM rewards_postingline AS line
JOIN rewards_ledgeraccount AS book ON book.id = line.ledger_account_id AND book.code = 'credit_liability'
WHERE line.currency = %s
"""


def read(object_id: int, lock: bool) -> Live:
    """The rate of points as it stands today; there is one."""
    if object_id != OBJECT:
        raise LookupError(f"No rate of points {object_id}")
    rows = UnitRate.objects.filter(unit=POINTS, reporting=settings.REPORTING_CURRENCY)
    versions = list(rows.select_for_update(no_key=True) if lock else rows)
    now = points_now(timezone.now().date())
    values = {
        "per_unit": f"{now.per_unit.normalize():f}" if now else None,
        "effective_on": now.effective_on.isoformat() if now else None,
    }
    return Live(
        label="Rate of points", url=reverse("unit-rates"), version=len(versions) + 1, values=values, is_live=True
    )


def clean(object_id: int, values: Values) -> dict[str, Any]:
    """Complete, valid values, or DomainError in words."""
    return clean_points(values, read(object_id, False).values, timezone.now().date())


def impact(object_id: int, values: Values) -> list[str]:
    """What the points that customers hold are worth now, and would be."""
    with connection.cursor() as cursor:
        cursor.execute(_OUTSTANDING, [POINTS])
        held = Decimal(cursor.fetchone()[0])
    now = points_now(timezone.now().date())
    then = money(cents(held * Decimal(str(values["per_unit"]))), settings.REPORTING_CURRENCY)
    before = money(cents(held * now.per_unit), settings.REPORTING_CURRENCY) if now else "an unknown sum"
    return [f"Customers hold {money(held, POINTS)}: worth {then} instead of {before}."]


POINTS_RATE = Changeable(
    kind=KIND,
    label="Rate of points",
    owner_of=lambda object_id, fields: Function.FINANCE,
    read=read,
    clean=clean,
    impact=impact,
    apply=write_points,
    field_labels=FIELD_LABELS,
    in_words=lambda field, value: field_in_words(field, value, settings.REPORTING_CURRENCY),
    edit_url=lambda object_id, change_id: anew_at(reverse("unit-rates"), change_id),
)
