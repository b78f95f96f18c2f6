"""How a cap is changed by request: Finance owns it, and an active one is live."""

from dataclasses import replace
from decimal import Decimal, InvalidOperation
from functools import partial
from typing import Any

from django.urls import reverse
from django.utils import timezone

from loyalty.core.changes.registry import Changeable, Live, Values, anew_at, register
from loyalty.core.errors import DomainError
from loyalty.core.money import cents
from loyalty.core.people.models import User
from loyalty.core.people.rules import Function
from rewards.caps.askers import span_of
from rewards.caps.models import Cap, CapPeriod
from rewards.caps.rules import WHOLE, CapMeasure, Use, change_in_words, quantity
from rewards.caps.setting import values_of, write_change

KIND = "cap"
LARGEST = Decimal("999999999999.99")


def read(cap_id: int, lock: bool) -> Live:
    """The cap as it stands. Raises LookupError when there is none."""
    rows = Cap.objects.select_for_update(no_key=True) if lock else Cap.objects.all()
    cap = rows.filter(pk=cap_id).first()
    if cap is None:
        raise LookupError(f"no cap {cap_id}")
    return Live(
        label=f"Cap “{cap.name}”",
        url=reverse("cap", args=[cap.pk]),
        version=cap.version,
        values=values_of(cap),
        is_live=cap.is_active,
    )


def clean(cap_id: int, values: Values) -> dict[str, Any]:
    """Complete, valid values; what is missing stays as it is. Raises DomainError in words."""
    whole = dict(read(cap_id, False).values) | dict(values)
    measure = _measure(cap_id)
    name = str(whole["name"]).strip()
    if not name or len(name) > 120:
        raise DomainError("The name of a cap has 1 to 120 characters.")
    return {
        "name": name,
        "limit": clean_limit(measure, whole["limit"]),
        "is_hard": bool(whole["is_hard"]),
        "is_active": bool(whole["is_active"]),
    }


def clean_limit(measure: CapMeasure, typed: Any) -> str:
    """A limit as a change carries it: money with two decimals, occurrences as a whole number.

    Raises DomainError in words for anything else.
    """
    try:
        limit = Decimal(str(typed))
    except InvalidOperation:
        limit = Decimal("NaN")
    fits = limit.is_finite() and 0 <= limit <= LARGEST
    if measure is CapMeasure.OCCURRENCES:
        if not fits or limit != limit.to_integral_value():
            raise DomainError(WHOLE)
        return f"{limit:.0f}"
    if not fits or limit != cents(limit):
        raise DomainError("The limit must be an amount from $0.00 upwards, in whole cents.")
    return f"{limit:.2f}"


def impact(cap_id: int, values: Values) -> list[str]:
    """What the change does to what is committed now, and what it would have meant before."""
    cap = Cap.objects.get(pk=cap_id)
    today = timezone.now().date()
    running = span_of(cap, today)
    period = CapPeriod.objects.filter(cap=cap, starts_on=running.starts_on).first()
    limit = Decimal(str(values["limit"]))
    use = Use(limit, measure=CapMeasure(cap.measure))
    if period:
        use = replace(use, reserved=period.reserved, spent=period.spent)
    sentences = change_in_words(
        use,
        until=running.ends_on,
        is_hard=bool(values["is_hard"]),
        was_hard=cap.is_hard,
        is_active=bool(values["is_active"]),
    )
    ended = list(CapPeriod.objects.filter(cap=cap, ends_on__lte=today)[:12])
    if ended:
        over = sum(1 for p in ended if p.reserved + p.spent > limit)
        sentences.append(
            f"Ended periods that committed more than {use.said['limit']}: {over} of the latest {len(ended)}."
        )
    return sentences


def apply(cap_id: int, values: Values, acting_user: User, reason: str) -> None:
    """Write the decided values; runs inside the deciding transaction."""
    write_change(cap_id, values, acting_user=acting_user, reason=reason)


def in_words(measure: CapMeasure, name: str, value: Any) -> str:
    """One value of a cap of that measure for people."""
    if name == "limit":
        return quantity(measure, Decimal(str(value)))
    if name == "is_hard":
        return "refuse (hard)" if value else "ask Finance (soft)"
    if name == "is_active":
        return "in force" if value else "withdrawn"
    return str(value)


def _measure(cap_id: int) -> CapMeasure:
    return CapMeasure(Cap.objects.values_list("measure", flat=True).get(pk=cap_id))


CHANGEABLE_CAP = Changeable(
    kind=KIND,
    label="Cap",
    owner_of=lambda object_id, fields: Function.FINANCE,
    read=read,
    clean=clean,
    impact=impact,
    apply=apply,
    field_labels={"name": "Name", "limit": "Limit", "is_hard": "At the cap", "is_active": "State"},
    in_words_of=lambda cap_id: partial(in_words, _measure(cap_id)),
    edit_url=lambda object_id, change_id: anew_at(reverse("edit-cap", args=[object_id]), change_id),
)


def register_caps() -> None:
    """Make caps changeable by request."""
    register(CHANGEABLE_CAP)
