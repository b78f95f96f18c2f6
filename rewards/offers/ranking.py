"""What is at stake in an offer: the order in which the queue recommends them, and the reason in words.

At stake is the ARR of the account, weighed by how near its renewal is and how it does.
The tables below are the one definition: the database ranks by them, the words tell them.
Pure. Unknown is unknown: an unknown ARR ranks last, the rest has a weight of its own.
"""

from collections.abc import Mapping
from datetime import date
from decimal import Decimal
from typing import Any

from accounts.facts.health import HEALTH_SQL, TOLD_SQL, health_in_words
from loyalty.core.figures import number_text
from loyalty.core.money import money

# Days to the renewal, at most, and the weight.
NEARNESS: tuple[tuple[int, Decimal], ...] = (
    (30, Decimal("1.0")),
    (60, Decimal("0.8")),
    (90, Decimal("0.6")),
)
FAR_OR_UNKNOWN = Decimal("0.4")
HEALTH: Mapping[str, Decimal] = {
    "leaving": Decimal("1.0"),
    "poor": Decimal("0.9"),
    "unknown": Decimal("0.6"),
    "good": Decimal("0.4"),
}


def stake_in_sql(on_day: str) -> tuple[str, str]:
    """The expressions of `at_stake` (reporting currency, cents) and of `stake` (JSON).

    They read a row `f` of account facts, all null when there is none; `on_day` is an SQL expression of a day.
    """
    days = f"(f.renews_on - ({on_day})::date)"
    near = " ".join(f"WHEN {days} <= {most} THEN {weight}" for most, weight in NEARNESS)
    health = " ".join(f"WHEN '{word}' THEN {weight}" for word, weight in HEALTH.items())
    at_stake = (
        f"round(coalesce(f.arr, 0) * CASE WHEN {days} < 0 THEN {FAR_OR_UNKNOWN} {near} ELSE {FAR_OR_UNKNOWN} END"
        f" * CASE {HEALTH_SQL} {health} END, 2)"
    )
    stake = f"jsonb_strip_nulls(jsonb_build_object('arr', f.arr::text, 'renews_on', f.renews_on, {TOLD_SQL}))"
    return at_stake, stake


def stake_in_words(stake: Mapping[str, Any], today: date, currency: str) -> str:
    """Why the offer stands where it does: “$84,000.00 ARR, renewal in 23 days, poor health: NPS 3”."""
    arr, renews_on = stake.get("arr"), stake.get("renews_on")
    parts = [f"{money(arr, currency)} ARR" if arr else "ARR unknown"]
    if renews_on:
        days = (date.fromisoformat(renews_on) - today).days
        parts.append(_renewal(days))
    parts.append(health_in_words(stake))
    return ", ".join(parts)


def _renewal(days: int) -> str:
    if days == 0:
        return "renewal today"
    unit = "day" if abs(days) == 1 else "days"
    return f"renewal in {number_text(days)} {unit}" if days > 0 else f"renewal {number_text(-days)} {unit} ago"
