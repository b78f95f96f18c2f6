"""What streaks and power-user tracks are, in plain data and in words."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from accounts.milestones.rules import LONGEST_WINDOW, MilestoneStatus
from loyalty.core.errors import DomainError


class StreakKind(StrEnum):
    """A streak is of one action; a power-user track is of breadth, week after week."""

    STREAK = "streak"
    TRACK = "track"


class Action(StrEnum):
    """What an account has to do. `ANY` is any event: for tracks, which ask for different ones."""

    EVENT = "event"
    KEY_ACTION = "key_action"
    SIGN_IN = "sign_in"
    ANY = "any"


class Pace(StrEnum):
    """What is counted in a row: days, Mondays to Fridays, or weeks from Monday to Sunday, of the account's zone.

    At the pace of working days, what happens on a weekend neither counts nor breaks. Holidays count as
    any other day: a calendar of holidays for each country is out of scope.
    """

    DAY = "day"
    WORKING_DAY = "working_day"
    WEEK = "week"


KIND_LABELS: Mapping[StreakKind, str] = {StreakKind.STREAK: "streak", StreakKind.TRACK: "power-user track"}
OBJECT_TYPES: Mapping[StreakKind, str] = {StreakKind.STREAK: "streak", StreakKind.TRACK: "power-user_track"}
STREAK_ACTIONS = (Action.EVENT, Action.KEY_ACTION, Action.SIGN_IN)
ACTION_LABELS: Mapping[Action, str] = {
    Action.EVENT: "A named event",
    Action.KEY_ACTION: "Any key action",
    Action.SIGN_IN: "A sign-in",
    Action.ANY: "Any event",
}
PACE_LABELS: Mapping[Pace, str] = {
    Pace.DAY: "Every day",
    Pace.WORKING_DAY: "Every working day",
    Pace.WEEK: "At least once a week",
}
UNITS: Mapping[Pace, tuple[str, str]] = {
    Pace.DAY: ("day", "days"),
    Pace.WORKING_DAY: ("working day", "working days"),
    Pace.WEEK: ("week", "weeks"),
}
DEFAULT_WINDOW = 90
LONGEST_RUN = 1000
MOST_FEATURES = 100


@dataclass(frozen=True)
class StreakTerms:
    """`length` units in a row, each with enough of the action; within `within_days` days of sign-up if given.

    The last of these days counts in full, in the account's zone; what happened before sign-up does not count.
    An account whose sign-up day is unknown does not reach what has such a window. `features` is 0 for streaks.
    """

    action: Action
    event_name: str
    pace: Pace
    features: int
    active_days: int
    length: int
    within_days: int | None

    @property
    def row_in_words(self) -> str:
        """“5 working days in a row”."""
        return f"{units_in_words(self.length, self.pace)} in a row"

    def in_words(self) -> str:
        window = f", within {self.within_days} days of sign-up" if self.within_days else ""
        if self.action is Action.ANY:
            features = "1 feature" if self.features == 1 else f"{self.features} different features"
            days = "1 day" if self.active_days == 1 else f"{self.active_days} days"
            return f"At least {features} on at least {days} in each of {self.length} weeks running{window}"
        done = f"“{self.event_name}”" if self.action is Action.EVENT else ACTION_LABELS[self.action]
        if self.pace is Pace.WEEK:
            return f"{done} at least once a week, {self.row_in_words}{window}"
        return f"{done} on {self.row_in_words}{window}"


def units_in_words(count: int, pace: Pace) -> str:
    """“1 week”, “5 working days”."""
    one, many = UNITS[pace]
    return f"1 {one}" if count == 1 else f"{count:,} {many}"


FIELDS = ("name", "action", "event_name", "pace", "features", "active_days", "length", "within_days", "status")
FIELD_LABELS: Mapping[str, str] = {
    "name": "Name",
    "action": "What counts",
    "event_name": "Event",
    "pace": "How often",
    "features": "Different features a week",
    "active_days": "Active days a week",
    "length": "How many in a row",
    "within_days": "Within days of sign-up",
    "status": "Status",
}


def value_in_words(field: str, value: Any) -> str:
    """One value, as the page of a change shows it."""
    if field == "within_days":
        return f"{value} days" if value else "no limit"
    if field == "action":
        return ACTION_LABELS[Action(value)]
    if field == "pace":
        return PACE_LABELS[Pace(value)]
    return "none" if value in (None, "") else str(value)


def terms_of(values: Mapping[str, Any]) -> StreakTerms:
    """The terms among clean values."""
    return StreakTerms(
        action=Action(values["action"]),
        event_name=values["event_name"],
        pace=Pace(values["pace"]),
        features=values["features"],
        active_days=values["active_days"],
        length=values["length"],
        within_days=values["within_days"],
    )


def clean_values(kind: StreakKind, now: Mapping[str, Any], values: Mapping[str, Any]) -> dict[str, Any]:
    """The whole set of values after an edit; raises DomainError in words when they make no sense.

    What a kind does not ask for is set to what that kind has: a streak counts one action on a day, a
    track any event by weeks.
    """
    merged = {field: values.get(field, now.get(field)) for field in FIELDS}
    merged["name"] = str(merged["name"] or "").strip()
    if not 1 <= len(merged["name"]) <= 120:
        raise DomainError(f"A {KIND_LABELS[kind]} needs a name of at most 120 letters.")
    if kind is StreakKind.TRACK:
        merged |= {"action": Action.ANY.value, "event_name": "", "pace": Pace.WEEK.value}
        _check_whole(merged["features"], 1, MOST_FEATURES, "Different features a week")
        _check_whole(merged["active_days"], 1, 7, "Active days a week")
    else:
        merged |= {"features": 0, "active_days": 1}
        _check_action(merged)
    _check_whole(merged["length"], 1, LONGEST_RUN, "How many in a row")
    if merged["within_days"] is not None:
        _check_whole(merged["within_days"], 1, LONGEST_WINDOW, "The days since sign-up")
    _check_status(merged["status"], now.get("status"), kind)
    return merged


def _check_action(merged: dict[str, Any]) -> None:
    if merged["action"] not in STREAK_ACTIONS:
        raise DomainError("A streak counts a named event, any key action, or a sign-in.")
    if merged["pace"] not in list(Pace):
        raise DomainError("A streak counts days, working days or weeks.")
    named = str(merged["event_name"] or "").strip() if merged["action"] == Action.EVENT else ""
    if merged["action"] == Action.EVENT and not 1 <= len(named) <= 200:
        raise DomainError("Name the event that counts, as the product sends it (at most 200 letters).")
    merged["event_name"] = named


def _check_whole(value: Any, lowest: int, highest: int, label: str) -> None:
    is_whole = isinstance(value, int) and not isinstance(value, bool)
    if not is_whole or not lowest <= value <= highest:
        raise DomainError(f"{label}: a whole number from {lowest} to {highest:,}.")


def _check_status(status: Any, now: Any, kind: StreakKind) -> None:
    if status not in list(MilestoneStatus):
        raise DomainError(f"A {KIND_LABELS[kind]} is draft, live or retired.")
    if status == MilestoneStatus.DRAFT and now not in (None, MilestoneStatus.DRAFT):
        raise DomainError("What was live keeps its history: retire it instead of making it a draft.")
