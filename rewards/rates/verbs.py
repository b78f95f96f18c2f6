"""Keeping rates: those of currencies as Finance learns them, that of points as it was decided."""

import csv
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from dateutil.relativedelta import relativedelta
from django.conf import settings
from django.db import transaction
from django.utils import timezone

from loyalty.core.audit.refusing import telling_refusals
from loyalty.core.audit.rules import AuditVerb
from loyalty.core.audit.verbs import record
from loyalty.core.errors import DomainError
from loyalty.core.figures import day_text, month_text
from loyalty.core.money import POINTS
from loyalty.core.people.models import User
from loyalty.core.people.permissions import check_member
from loyalty.core.people.rules import Function
from rewards.rates.models import UnitRate
from rewards.rates.queries import last_closed
from rewards.rates.rules import Rate, day_of, per_unit_of, unit_of

COLUMNS = ("unit", "effective_on", "per_unit")
MOST_ROWS = 20_000
A_STATEMENT = 2_000


@dataclass(frozen=True)
class TakenIn:
    """What became of a file: how many rates are new or other than before, how many stood already, and the rest."""

    kept: int
    same: int
    refused: list[tuple[int, str]]


def keep_rates(rates: Sequence[Rate], *, acting_user: User) -> TakenIn:
    """Keep rates of currencies; each that cannot be kept is told by its place, from 1 on, and the others go in.

    Twice is once. Raises NotAllowed outside Finance (the audit tells of the attempt).
    """
    _check_finance(acting_user)
    return _keep(list(enumerate(rates, start=1)), [], acting_user)


def take_in(text: str, *, acting_user: User) -> TakenIn:
    """Keep the rates of a CSV file with the columns unit, effective_on, per_unit and, if it likes, source.

    Refused rows are told by their line of the file. Raises as `keep_rates`, and DomainError for a file
    without these columns or with more than MOST_ROWS rows.
    """
    _check_finance(acting_user)
    rows = csv.DictReader(text.lstrip("\N{ZERO WIDTH NO-BREAK SPACE}").splitlines())
    missing = [name for name in COLUMNS if name not in (rows.fieldnames or [])]
    if missing:
        raise DomainError(f"The file has no column {' and none '.join(missing)}. Its first line names the columns.")
    rates: list[tuple[int, Rate]] = []
    refused: list[tuple[int, str]] = []
    for row in rows:
        if rows.line_num > MOST_ROWS:
            raise DomainError(f"The file has more than {MOST_ROWS:,} lines. Take it in by parts.")
        try:
            rates.append((rows.line_num, _read(row)))
        except DomainError as wrong:
            refused.append((rows.line_num, str(wrong)))
    return _keep(rates, refused, acting_user)


def _read(row: Mapping[str, str | None]) -> Rate:
    unit = unit_of(row["unit"] or "", settings.REPORTING_CURRENCY)
    source = (row.get("source") or "File").strip()[:120]
    return Rate(unit, day_of(row["effective_on"]), per_unit_of(row["per_unit"]), source)


@transaction.atomic
def _keep(rates: Sequence[tuple[int, Rate]], refused: list[tuple[int, str]], acting_user: User) -> TakenIn:
    kept, same, told = 0, 0, {}
    written: dict[tuple[str, date], UnitRate] = {}
    closed = last_closed()
    open_from = closed + relativedelta(months=1) if closed else date.min
    today = timezone.now().date()
    units = {rate.unit for _, rate in rates}
    stands = {
        (row.unit, row.effective_on): row
        for row in UnitRate.objects.select_for_update(no_key=True)
        .filter(unit__in=units, reporting=settings.REPORTING_CURRENCY)
        .order_by("unit", "effective_on")
    }
    for place, rate in rates:
        row = stands.get((rate.unit, rate.effective_on))
        if row is not None and row.per_unit == rate.per_unit:
            same += 1
            continue
        if why := _refusal(rate, open_from, today):
            refused.append((place, why))
            continue
        told[str(rate.effective_on) + " " + rate.unit] = f"{rate.per_unit.normalize():f}"
        new = row or UnitRate(unit=rate.unit, effective_on=rate.effective_on, reporting=settings.REPORTING_CURRENCY)
        new.per_unit, new.source, new.kept_by = rate.per_unit, rate.source, acting_user
        stands[(rate.unit, rate.effective_on)] = written[(rate.unit, rate.effective_on)] = new
        kept += 1
    UnitRate.objects.bulk_create(
        written.values(),
        batch_size=A_STATEMENT,
        update_conflicts=True,
        unique_fields=["unit", "reporting", "effective_on"],
        update_fields=["per_unit", "source", "kept_by", "kept_at"],
    )
    if told:
        _tell(f"{kept} currency rates" if kept > 1 else next(iter(told)), {}, told, acting_user, "")
    return TakenIn(kept, same, sorted(refused))


def _refusal(rate: Rate, open_from: date, today: date) -> str:
    if rate.unit == POINTS:
        return "What a point is worth is decided by a change request, not taken in."
    if rate.effective_on > today:
        return f"{day_text(rate.effective_on)} is yet to come: nobody knows its rate."
    if rate.effective_on < open_from:
        return f"{month_text(rate.effective_on)} is closed: its books were translated at the rates that it had."
    return ""


@transaction.atomic
def write_points(object_id: int, values: Mapping[str, Any], acting_user: User, reason: str) -> None:
    """Make what was decided the rate of points from its day on: the applying half of a change request."""
    effective_on = day_of(values["effective_on"])
    row, is_new = UnitRate.objects.select_for_update(no_key=True).get_or_create(
        unit=POINTS,
        reporting=settings.REPORTING_CURRENCY,
        effective_on=effective_on,
        defaults={"per_unit": per_unit_of(values["per_unit"]), "source": "Decided", "kept_by": acting_user},
    )
    before = {} if is_new else {"per_unit": f"{row.per_unit.normalize():f}"}
    if not is_new:
        row.per_unit, row.kept_by = per_unit_of(values["per_unit"]), acting_user
        row.save()
    _tell("Rate of points", before, dict(values), acting_user, reason)


def _tell(label: str, before: dict[str, Any], after: dict[str, Any], acting_user: User, reason: str) -> None:
    record(
        AuditVerb.EDITED,
        acting_user=acting_user,
        object_type="unit_rate",
        object_label=label,
        before=before,
        after=after,
        reason=reason,
    )


def _check_finance(user: User) -> None:
    with telling_refusals("unit_rate", [""], "Currency rates", user):
        check_member(user, Function.FINANCE)
