"""What a milestone is, in plain data and in words."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum
from typing import Any

from loyalty.core.errors import DomainError


class MilestoneStatus(StrEnum):
    DRAFT = "draft"
    LIVE = "live"
    RETIRED = "retired"


# A reach fires when its event is no older than this: a client that was offline for
# some days still earns its reward, a backfilled year does not shower offers.
FIRES_UP_TO = timedelta(days=7)
MEASURED_DAYS = 365
NAMES_IN_A_SENTENCE = 3


@dataclass(frozen=True)
class MilestoneTerms:
    """An event reached `count` times, within `within_days` days of a start if given.

    The start is sign-up or, with `counts_from`, the reach of the milestone with that
    id, called `start`. The last of the days counts in full (UTC): [sign-up day, sign-up
    day + within_days + 1), or [moment of the reach, its day + within_days + 1). An
    account whose start is unknown, or has not come, does not reach it.
    """

    event_name: str
    count: int
    within_days: int | None
    counts_from: int | None = None
    start: str = ""

    def in_words(self) -> str:
        times = "for the first time" if self.count == 1 else f"{self.count} times"
        start = f"reaching “{self.start}”" if self.start else "sign-up"
        window = f", within {self.within_days} days of {start}" if self.within_days else ""
        return f"“{self.event_name}” {times}{window}"


FIELD_LABELS: Mapping[str, str] = {
    "name": "Name",
    "event_name": "Event",
    "count": "How often",
    "within_days": "Within days",
    "counts_from": "Days count from",
    "status": "Status",
}


def value_in_words(field: str, value: Any) -> str:
    """One value of a milestone, as the page of a change shows it."""
    if field == "within_days":
        return f"{value} days" if value else "no limit"
    if field == "count":
        return "once" if value == 1 else f"{value} times"
    return str(value)


MOST_TIMES = 1_000_000
LONGEST_WINDOW = 3650


def clean_values(now: Mapping[str, Any], values: Mapping[str, Any]) -> dict[str, Any]:
    """The whole set of values after an edit; raises DomainError in words when they make no sense."""
    merged = {field: values.get(field, now.get(field)) for field in FIELD_LABELS}
    name, event_name = str(merged["name"]).strip(), str(merged["event_name"]).strip()
    if not 1 <= len(name) <= 120:
        raise DomainError("A milestone needs a name of at most 120 letters.")
    if not 1 <= len(event_name) <= 200:
        raise DomainError("Name the event that counts, as the product sends it (at most 200 letters).")
    count, within_days = merged["count"], merged["within_days"]
    if not _is_whole(count) or not 1 <= count <= MOST_TIMES:
        raise DomainError(f"How often is a whole number from 1 to {MOST_TIMES:,}.")
    if within_days is not None and not (_is_whole(within_days) and 1 <= within_days <= LONGEST_WINDOW):
        raise DomainError(f"The days are a whole number from 1 to {LONGEST_WINDOW:,}, or empty.")
    if merged["counts_from"] is not None and within_days is None:
        raise DomainError("Say within how many days of that milestone; without a limit no start is needed.")
    if merged["status"] not in list(MilestoneStatus):
        raise DomainError("A milestone is draft, live or retired.")
    if merged["status"] == MilestoneStatus.DRAFT and now.get("status", merged["status"]) != MilestoneStatus.DRAFT:
        raise DomainError("A milestone that was live keeps its history: retire it instead of making it a draft.")
    return {
        "name": name,
        "event_name": event_name,
        "count": count,
        "within_days": within_days,
        "counts_from": merged["counts_from"],
        "status": str(merged["status"]),
    }


def _is_whole(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)


def status_sentence(now: str, wanted: str) -> str | None:
    """What a change of status means, or None when it stays."""
    if now == wanted:
        return None
    if wanted == MilestoneStatus.LIVE:
        return "Goes live: only events from then on start offers; who reached it before is recorded, and gets nothing."
    return "Retires it: nobody reaches it from then on, and what was reached stays."


def names_in_words(names: list[str], total: int) -> str:
    """A few names and how many more: “Acme, Beta and 13 more”."""
    shown = names[:NAMES_IN_A_SENTENCE]
    rest = total - len(shown)
    if rest > 0:
        return f"{', '.join(shown)} and {rest:,} more"
    return " and ".join([", ".join(shown[:-1]), shown[-1]]) if len(shown) > 1 else "".join(shown)


def times_in_words(count: int) -> str:
    """“Once”, “3 times”: how a preview begins."""
    return "Once" if count == 1 else f"{count:,} times"


@dataclass(frozen=True)
class Measured:
    """Whom terms would have reached in the last MEASURED_DAYS days, against the terms of now.

    `reached_now` is None when there are no terms yet to compare with.
    """

    reached: int
    reached_now: int | None
    adds: int
    drops: int
    added_names: list[str]
    dropped_names: list[str]

    def headline(self, asked: str) -> str:
        """The preview's sentence; `asked` says in words what the terms ask for: “3 times”."""
        told = f"{asked}: {_accounts(self.reached)} reached it in the last {MEASURED_DAYS} days"
        if self.reached_now is None:
            return f"{told}."
        difference = self.reached - self.reached_now
        if difference == 0:
            return f"{told}, as many as now."
        return f"{told}, {abs(difference):,} {'more' if difference > 0 else 'fewer'} than now."

    def sentences(self, asked: str) -> list[str]:
        """The impact of a change in sentences: how many, whom it adds, whom it drops."""
        told = [self.headline(asked)]
        if self.adds:
            told.append(f"Adds {_accounts(self.adds)}: {names_in_words(self.added_names, self.adds)}.")
        if self.drops:
            told.append(f"Drops {_accounts(self.drops)}: {names_in_words(self.dropped_names, self.drops)}.")
        if self.reached_now is not None and not self.adds and not self.drops:
            told.append("Adds nobody and drops nobody.")
        return told


def _accounts(count: int) -> str:
    return "1 account" if count == 1 else f"{count:,} accounts"


def in_order(starts: Mapping[int, int | None]) -> list[list[int]]:
    """Milestones (id → the one that it counts from) in steps: each comes after the one that it counts from.

    Raises DomainError when some count from one another in a circle.
    """
    steps: list[list[int]] = []
    left = dict(starts)
    while left:
        step = sorted(one for one, start in left.items() if start not in left)
        if not step:
            raise DomainError("These milestones would count from one another in a circle.")
        steps.append(step)
        left = {one: start for one, start in left.items() if one not in step}
    return steps


def followers(starts: Mapping[int, int | None], milestone: int) -> set[int]:
    """The milestone and all that count from it, directly or through others. `starts` has no circle."""
    found: set[int] = set()
    for step in in_order(starts):
        found |= {one for one in step if one == milestone or starts[one] in found}
    return found


def followers_sentence(names: list[str]) -> str:
    """What an edit means for the milestones that count from this one; `names` is not empty."""
    told = names_in_words([f"“{name}”" for name in names], len(names))
    count = "counts" if len(names) == 1 else "count"
    return f"{told} {count} from it: whoever reaches it by the new terms starts their days."
