"""Why an account gets an offer, in words first, the figures under them.

Pure: facts in, evidence out. The result is JSON that is stored with the offer
and never changes.
"""

from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from loyalty.core.money import money


@dataclass(frozen=True)
class Reached:
    """The milestone that was reached; times in UTC."""

    name: str
    event_name: str
    count: int
    version: int
    reached_at: datetime
    event_message_id: str


@dataclass(frozen=True)
class KnownFacts:
    """Facts of the account on `day`; None is unknown. Money in `currency`."""

    day: date
    seats_active: int | None
    seats_bought: int | None
    arr: Decimal | None
    currency: str
    renews_on: date | None


def day_in_words(day: date) -> str:
    return f"{day.day} {day:%b %Y}"


def summary(reached: Reached) -> str:
    """The reason in half a line, for lists."""
    times = "" if reached.count == 1 else f", {reached.count} times"
    return f"{reached.name}{times}, {day_in_words(reached.reached_at.date())}"


def sentences(reached: Reached, facts: KnownFacts | None) -> list[str]:
    """The evidence in words, the strongest reason first."""
    times = "for the first time" if reached.count == 1 else f"{reached.count} times"
    at = f"{day_in_words(reached.reached_at.date())}, {reached.reached_at:%H:%M} UTC"
    words = [f"“{reached.event_name}” {times}, on {at}: the milestone “{reached.name}” is reached."]
    if facts is None:
        return words
    on = day_in_words(facts.day)
    if facts.seats_active is not None and facts.seats_bought:
        words.append(f"{facts.seats_active:,} of {facts.seats_bought:,} seats active on {on}.")
    elif facts.seats_active is not None:
        people = "person" if facts.seats_active == 1 else "people"
        words.append(f"{facts.seats_active:,} {people} active in 30 days, on {on}.")
    if facts.arr:
        words.append(f"ARR {money(facts.arr, facts.currency)} on {on}.")
    if facts.renews_on:
        words.append(f"Renewal on {day_in_words(facts.renews_on)}, {_away((facts.renews_on - facts.day).days)}.")
    return words


def _away(days: int) -> str:
    if days == 0:
        return "today"
    unit = "day" if abs(days) == 1 else "days"
    return f"{days:,} {unit} away" if days > 0 else f"{-days:,} {unit} ago"


def evidence(
    reached: Reached, facts: KnownFacts | None, *, campaign: str, campaign_version: int, addressed: bool
) -> dict[str, Any]:
    """The whole evidence: a summary for lists, words, facts against thresholds, terms, and the events behind it.

    `addressed`: whether there is a champion who consents. Never a name: evidence outlives them.
    """
    day = reached.reached_at.date().isoformat()
    rows: list[dict[str, Any]] = [
        {
            "name": f"“{reached.event_name}” events",
            "value": f"{reached.count:,}",
            "threshold": f"{reached.count:,}",
            "day": day,
            "source": "usage",
            "met": True,
        }
    ]
    if facts is not None:
        known = {
            "Seats active (30 days)": (facts.seats_active, "usage"),
            "Seats bought": (facts.seats_bought, "subscription"),
            "ARR": (money(facts.arr, facts.currency) if facts.arr is not None else None, "subscription"),
            "Renewal": (day_in_words(facts.renews_on) if facts.renews_on else None, "subscription"),
        }
        rows += [
            {
                "name": name,
                "value": "unknown" if value is None else f"{value:,}" if isinstance(value, int) else value,
                "threshold": None,
                "day": facts.day.isoformat(),
                "source": source,
                "met": None,
            }
            for name, (value, source) in known.items()
        ]
    return {
        "summary": summary(reached),
        "words": sentences(reached, facts),
        "facts": rows,
        "terms": [
            {"name": "Campaign", "value": f"{campaign}, version {campaign_version}"},
            {"name": "Milestone", "value": f"{reached.name}, version {reached.version}"},
            {"name": "Addressed to", "value": "the champion" if addressed else "no contact: no champion consents"},
        ],
        "events": [
            {
                "name": reached.event_name,
                "at": reached.reached_at.isoformat(),
                "detail": f"message {reached.event_message_id}" if reached.event_message_id else "",
            }
        ],
    }
