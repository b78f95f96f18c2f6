"""How perks are changed by request, and what a change of perks or of the tiers themselves would cost in a year."""

from decimal import Decimal
from typing import Any

from django.conf import settings
from django.db import connection
from django.urls import reverse

from accounts.facts.queries import AS_THINGS_STAND, latest_day
from accounts.tiers.queries import measure
from accounts.tiers.rules import scheme_of
from loyalty.core.changes.registry import Changeable, Live, Values, anew_at
from loyalty.core.money import MINUS, money
from loyalty.core.people.rules import Function
from rewards.perks.models import TierPerks
from rewards.perks.rules import FIELD_LABELS, MONEY_FIELDS, clean_values, field_in_words, renewal_credit
from rewards.perks.verbs import values_of, write_version

KIND = "tier_perks"


def _get(perks_id: int, lock: bool) -> TierPerks:
    rows = TierPerks.objects.select_related("tier")
    rows = rows.select_for_update(no_key=True, of=("self",)) if lock else rows
    perks = rows.filter(pk=perks_id).first()
    if perks is None:
        raise LookupError(f"No perks {perks_id}")
    return perks


def read(perks_id: int, lock: bool) -> Live:
    """The perks as they stand now."""
    perks = _get(perks_id, lock)
    return Live(
        label=str(perks),
        url=reverse("tier-perks", args=[perks.tier_id]),
        version=perks.version,
        values=values_of(perks),
        is_live=True,
    )


def clean(perks_id: int, values: Values) -> dict[str, Any]:
    """Complete, valid values, or DomainError in words."""
    return clean_values(values_of(_get(perks_id, lock=False)), values)


def deciding(perks_id: int, fields: set[str]) -> Function:
    """Finance when money changes, else Product, who owns the tiers."""
    return Function.FINANCE if fields & MONEY_FIELDS else Function.PRODUCT


def impact(perks_id: int, values: Values) -> list[str]:
    """What the tier's renewal credits would be worth in a year, against those of now."""
    perks, day = _get(perks_id, lock=False), latest_day()
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT count(*), coalesce(sum(f.arr), 0)"
            f" FROM accounts_accountfacts f WHERE {AS_THINGS_STAND} AND f.tier = %(tier)s",
            {"day": day, "tier": perks.tier.key},
        )
        accounts, arr = cursor.fetchone()
    if not accounts:
        return [f"No account holds {perks.tier} now, so nothing changes yet."]
    now = renewal_credit(arr, perks.renewal_credit_percent)
    then = renewal_credit(arr, Decimal(str(values["renewal_credit_percent"])))
    holders = "1 account holds" if accounts == 1 else f"{accounts:,} accounts hold"
    return [
        f"{holders} {perks.tier}; their renewals of a year would bring {_money(then)} of credits instead of"
        f" {_money(now)}: {_difference(then - now)}."
    ]


def cost_of_scheme(scheme_id: int, values: Values) -> list[str]:
    """What another scheme of tiers would cost in renewal credits of a year: whom it moves, at the perks of now."""
    told = measure(scheme_of(values))
    percents: dict[str, Decimal] = dict(TierPerks.objects.values_list("tier__key", "renewal_credit_percent"))
    nothing, cost = Decimal(0), Decimal(0)
    for before, after, _, arr in told.moved:
        cost += renewal_credit(arr, percents.get(after, nothing)) - renewal_credit(arr, percents.get(before, nothing))
    if not told.moved:
        return []
    return [f"Renewal credits of a year: {_difference(cost)}, once those who fall have fallen."]


def _money(amount: Decimal) -> str:
    return money(amount, settings.REPORTING_CURRENCY)


def _difference(amount: Decimal) -> str:
    if not amount:
        return "no difference"
    return f"{_money(abs(amount))} {'more' if amount > 0 else 'less'}".replace(MINUS, "")


PERKS = Changeable(
    kind=KIND,
    label="perks of a tier",
    owner_of=deciding,
    read=read,
    clean=clean,
    impact=impact,
    apply=write_version,
    field_labels=FIELD_LABELS,
    in_words=field_in_words,
    edit_url=lambda object_id, change_id: anew_at(
        reverse("tier-perks", args=[_get(object_id, False).tier_id]), change_id
    ),
)
