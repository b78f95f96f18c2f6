"""Reading tiers: how many hold which, who rose and fell, and whom another scheme would move."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

from django.db import connection
from django.db.models import QuerySet

from accounts.conditions.rules.vocabulary import Choice
from accounts.facts.queries import AS_THINGS_STAND, latest_day
from accounts.tiers.falling import falling
from accounts.tiers.inforce import InForce, history
from accounts.tiers.models import Tier, TierMove, TierScheme
from accounts.tiers.placing import earned_sql
from accounts.tiers.rules import Scheme, Step

NAMED = 3
CSV_HEADER = ("account", "external_id", "tier", "metric", "earned", "since", "falls_on")


def scheme_now() -> TierScheme | None:
    """The scheme in force; None before there is one."""
    return TierScheme.objects.filter(pk=1).first()


def tier_choices() -> list[Choice]:
    """Every tier that accounts hold or may have held, for rules over the fact `tier`."""
    return [Choice(key, name) for key, name in Tier.objects.order_by("id").values_list("key", "name")]


@dataclass(frozen=True)
class Held:
    """One tier of the scheme, with how many accounts hold it now and what they pay in a year."""

    tier_id: int
    step: Step
    range: str
    accounts: int
    arr: Decimal


def holders(scheme: Scheme, day: date | None) -> tuple[list[Held], int]:
    """The tiers, the lowest first, and how many accounts hold none, as things stand on the latest day with facts.

    Money in the reporting currency.
    """
    counted: dict[str | None, tuple[int, Decimal]] = {}
    if day is not None:
        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT f.tier, count(*), coalesce(sum(f.arr), 0)"
                f" FROM accounts_accountfacts f WHERE {AS_THINGS_STAND} GROUP BY f.tier",
                {"day": day},
            )
            counted = {tier: (accounts, arr) for tier, accounts, arr in cursor.fetchall()}
    nothing = (0, Decimal(0))
    ids = dict(Tier.objects.values_list("key", "id"))
    tiers = [
        Held(ids[step.key], step, scheme.range_of(step.key), *counted.get(step.key, nothing)) for step in scheme.steps
    ]
    return tiers, sum(accounts for accounts, _ in counted.values()) - sum(tier.accounts for tier in tiers)


def moves(account_id: int | None = None) -> QuerySet[TierMove]:
    """Who rose and fell, the latest first."""
    rows = TierMove.objects.filter(withdrawn_at=None).select_related("account", "tier", "from_tier")
    rows = rows.filter(account_id=account_id) if account_id is not None else rows
    return rows.order_by("-day", "-id")


@dataclass(frozen=True)
class Measured:
    """Whom another scheme would move, as (from, to, accounts, ARR) as things stand; a few by name."""

    day: date | None
    moved: list[tuple[str, str, int, Decimal]]
    total: int
    names: list[str]


def measure(proposed: Scheme) -> Measured:
    """Whom a scheme would move: accounts that earn another tier under it than under the scheme of now.

    One that it puts below its tier keeps it for the grace period; it counts here
    as what it would come to. An unknown metric moves nobody.
    """
    day, versions = latest_day(), history()
    if day is None or not versions:
        return Measured(None, [], 0, [])
    params: dict[str, Any] = {"day": day}
    now = earned_sql(versions, "f", params, "n")
    becomes = earned_sql([InForce(version=0, first=date.min, until=None, scheme=proposed)], "f", params, "p")
    sql = f"""
        WITH sides AS (
            SELECT f.account_id, {now} AS now, {becomes} AS becomes, coalesce(f.arr, 0) AS arr
            FROM accounts_accountfacts f WHERE {AS_THINGS_STAND}
        ), moved AS (
            SELECT s.*, a.name FROM sides s JOIN accounts_account a ON a.id = s.account_id WHERE s.now <> s.becomes
        )
        SELECT now, becomes, count(*), sum(arr), (array_agg(name ORDER BY name, account_id))[1:{NAMED}]
        FROM moved GROUP BY now, becomes ORDER BY count(*) DESC, now, becomes
    """
    with connection.cursor() as cursor:
        cursor.execute(sql, params)
        rows = cursor.fetchall()
    names = [name for *_, some in rows for name in some][:NAMED]
    return Measured(day, [(a, b, n, arr) for a, b, n, arr, _ in rows], sum(row[2] for row in rows), names)


def csv_rows(scheme: Scheme, day: date | None) -> Iterator[list[object]]:
    """Every account with its tier as things stand on the latest day with facts, in the order of CSV_HEADER."""
    if day is None:
        return
    versions = history()
    params: dict[str, Any] = {"day": day}
    earned = earned_sql(versions, "f", params, "e")
    going = {f.account_id: f.falls_on for f in falling(scheme)}
    sql = f"""
        SELECT f.account_id, a.name, a.external_id, f.tier, f.{scheme.metric.value}::numeric, {earned}, (
            SELECT max(m.day) FROM accounts_tiermove m WHERE m.account_id = f.account_id AND m.withdrawn_at IS NULL)
        FROM accounts_accountfacts f JOIN accounts_account a ON a.id = f.account_id
        WHERE {AS_THINGS_STAND} ORDER BY a.name, a.id
    """
    names = {step.key: step.name for step in scheme.steps}
    with connection.cursor() as cursor:
        cursor.execute(sql, params)
        for account, name, external_id, tier, metric, key, since in cursor:
            yield [name, external_id, names.get(tier, ""), metric, names.get(key, ""), since, going.get(account)]
