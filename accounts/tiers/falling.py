"""Who is about to step down: they no longer earn the tier that they hold, and keep it for a while.

The tiers page, an account's page, the list of accounts and the morning of
Customer Success say the same of it, and so does whoever reminds of it.
"""

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from django.db import connection

from accounts.conditions.rules.vocabulary import ROW
from accounts.facts.queries import AS_THINGS_STAND, latest_day
from accounts.tiers.inforce import history
from accounts.tiers.placing import earned_sql
from accounts.tiers.rules import Policy, Scheme
from loyalty.core.figures import day_text, number_text

# Longer ago than any grace period is.
LOOKS_BACK = 366


@dataclass(frozen=True)
class Falling:
    """An account that no longer earns the tier it holds. Names of tiers, "" for none; days in UTC.

    `falls_to` is what it comes to on `falls_on` if its use goes on as it is; `falls_on`
    is None when its renewal, on which it would fall, is not known. `metric` is None when unknown.
    """

    account_id: int
    name: str
    tier: str
    minimum: Decimal
    earned: str
    falls_to: str
    metric: Decimal | None
    metric_label: str
    policy: Policy
    last_earned_on: date | None
    falls_on: date | None

    @property
    def missing(self) -> Decimal | None:
        """How much of the metric it lacks."""
        return None if self.metric is None else self.minimum - self.metric

    @property
    def headline(self) -> str:
        """What happens and when: "Gold to Silver on 3 Feb 2027"."""
        step = f"{self.tier} to {self.falls_to or 'no tier'}"
        return f"{step} on {day_text(self.falls_on)}" if self.falls_on else f"{step} at its renewal, which is not known"

    @property
    def why(self) -> str:
        """The figures behind it, in words."""
        has = "not known" if self.metric is None else number_text(f"{self.metric.normalize():f}")
        begins = number_text(f"{self.minimum.normalize():f}")
        said = f"{self.metric_label.capitalize()}: {has}; {self.tier} begins at {begins}."
        if self.last_earned_on is None:
            return said
        until = "until its renewal" if self.policy is Policy.RENEWAL else "for the grace period after that"
        return f"{said} It last earned {self.tier} on {day_text(self.last_earned_on)} and keeps it {until}."


def falling(
    scheme: Scheme,
    *,
    day: date | None = None,
    account_ids: Collection[int] | None = None,
    manager_id: int | None = None,
) -> list[Falling]:
    """Who is about to step down, the soonest first: all, some accounts, or those in a CS manager's book.

    As of the end of `day` (UTC), by default as things stand now.
    """
    below = _below(scheme, day, account_ids, manager_id)
    if below is None:
        return []
    sql, params = below
    earned_then = earned_sql(history(), "h", params, "h")
    rank = f"array_position(%(order)s::text[], {earned_then})"
    sql = f"""
        WITH below AS MATERIALIZED ({sql})
        SELECT b.account_id, b.name, b.tier, b.earned, b.metric, b.renews_on, seen.last, (
            SELECT max({rank}) FROM accounts_accountfacts h
            WHERE h.account_id = b.account_id AND h.day <= b.day AND h.day > coalesce(seen.last, b.day - 1))
        FROM below b
        CROSS JOIN LATERAL (
            SELECT max(h.day) AS last FROM accounts_accountfacts h
            WHERE h.account_id = b.account_id AND h.day <= b.day AND h.day > b.day - {LOOKS_BACK}
              AND {rank} >= array_position(%(order)s::text[], b.tier)
        ) AS seen
    """
    with connection.cursor() as cursor:
        cursor.execute(sql, params)
        found = [_falling(scheme, row) for row in cursor.fetchall()]
    return sorted(found, key=lambda f: (f.falls_on or date.max, f.name, f.account_id))


def by_account(found: Iterable[Falling]) -> dict[int, Falling]:
    """Each of them by its account's id."""
    return {one.account_id: one for one in found}


def falling_ids(scheme: Scheme) -> list[int]:
    """The ids of all accounts that are about to step down as things stand, in no order."""
    below = _below(scheme, None, None, None)
    if below is None:
        return []
    sql, params = below
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT account_id FROM ({sql}) AS below", params)
        return [account for (account,) in cursor.fetchall()]


def _below(
    scheme: Scheme, day: date | None, account_ids: Collection[int] | None, manager_id: int | None
) -> tuple[str, dict[str, Any]] | None:
    """The rows of accounts that earn less than they hold, and their parameters; None when there are no facts."""
    on = day or latest_day()
    if on is None:
        return None
    params: dict[str, Any] = {"day": on, "order": scheme.order, "manager": manager_id}
    params["accounts"] = None if account_ids is None else list(account_ids)
    earned = earned_sql(history(), ROW, params, "e")
    rank = "array_position(%(order)s::text[], {})".format
    sql = f"""
        SELECT {ROW}.account_id, a.name, {ROW}.day, {ROW}.tier::text AS tier, {earned} AS earned,
               {ROW}.{scheme.metric.value}::numeric AS metric, {ROW}.renews_on
        FROM accounts_accountfacts {ROW} JOIN accounts_account a ON a.id = {ROW}.account_id
        WHERE {f"{ROW}.day = %(day)s" if day else AS_THINGS_STAND} AND {ROW}.tier = ANY (%(order)s::text[])
          AND (%(accounts)s::bigint[] IS NULL OR {ROW}.account_id = ANY (%(accounts)s::bigint[]))
          AND (%(manager)s::bigint IS NULL OR a.cs_manager_id = %(manager)s::bigint)
          AND coalesce({rank(earned)}, 0) < {rank(f"{ROW}.tier::text")}
    """
    return sql, params


def _falling(scheme: Scheme, row: tuple[Any, ...]) -> Falling:
    account, name, tier, earned, metric, renews_on, last, rank = row
    step = scheme.steps[scheme.rank(tier) - 1]
    names = {step.key: step.name for step in scheme.steps}
    waits = scheme.policy is Policy.GRACE
    after_grace = last + timedelta(days=scheme.grace_days) if last else None
    lands = scheme.steps[rank - 1].name if rank else ""
    return Falling(
        account_id=account,
        name=name,
        tier=step.name,
        minimum=step.minimum,
        earned=names.get(earned, ""),
        falls_to=lands if waits else names.get(earned, ""),
        metric=metric,
        metric_label=scheme.metric.label,
        policy=scheme.policy,
        last_earned_on=last,
        falls_on=after_grace if waits else renews_on,
    )
