"""What a milestone is, in plain data and in words."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum
from typing import Any


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
    """An event reached `count` times, within `within_days` days of sign-up if given.

    The last of these days counts in full (UTC): [sign-up day, sign-up day +
    within_days + 1). An account whose sign-up day is unknown does not reach it.
    """

    event_name: str
    count: int
    within_days: int | None

    def in_words(self) -> str:
        times = "for the first time" if self.count == 1 else f"{self.count} times"
        window = f", within {self.within_days} days of sign-up" if self.within_days else ""
        return f"“{self.event_name}” {times}{window}"


FIELD_LABELS: Mapping[str, str] = {
    "name": "Name",
    "event_name": "Event",
    "count": "How often",
    "within_days": "Within days of sign-up",
    "status": "Status",
}


def value_in_words(field: str, value: Any) -> str:
    """One value of a milestone, as the page of a change shows it."""
    if field == "within_days":
        return f"{value} days" if value else "no limit"
    if field == "count":
        return "once" if value == 1 else f"{value} times"
    return str(value)


def status_refusal(now: MilestoneStatus, wanted: MilestoneStatus) -> str | None:
    """Why a milestone cannot go from one status to another, or None when it can."""
    if now is not MilestoneStatus.DRAFT and wanted is MilestoneStatus.DRAFT:
        return "A milestone that was live keeps its history: it can be retired, but is not a draft again."
    return None


def names_in_words(names: list[str], total: int) -> str:
    """A few names and how many more: “Acme, Beta and 13 more”."""
    shown = names[:NAMES_IN_A_SENTENCE]
    rest = total - len(shown)
    if rest > 0:
        return f"{', '.join(shown)} and {rest:,} more"
    return " and ".join([", ".join(shown[:-1]), shown[-1]]) if len(shown) > 1 else "".join(shown)


@dataclass(frozen=True)
class Measured:
    """Whom terms would have reached in the last MEASURED_DAYS days, against the terms of now."""

    reached: int
    reached_now: int
    adds: int
    drops: int
    added_names: list[str]
    dropped_names: list[str]

    def headline(self, times: int) -> str:
        """The preview's sentence, for terms that ask for the event `times` times."""
        accounts = "1 account" if self.reached == 1 else f"{self.reached:,} accounts"
        difference = self.reached - self.reached_now
        against = (
            "as many as under the terms of now"
            if difference == 0
            else f"{abs(difference):,} {'more' if difference > 0 else 'fewer'} than now"
        )
        asked = "Once" if times == 1 else f"{times:,} times"
        return f"{asked}: {accounts} reached it in the last {MEASURED_DAYS} days, {against}."

    def sentences(self, times: int) -> list[str]:
        """The impact of a change in sentences: how many, whom it adds, whom it drops."""
        told = [self.headline(times)]
        if self.adds:
            told.append(f"Adds {_accounts(self.adds)}: {names_in_words(self.added_names, self.adds)}.")
        if self.drops:
            told.append(f"Drops {_accounts(self.drops)}: {names_in_words(self.dropped_names, self.drops)}.")
        if not self.adds and not self.drops:
            told.append("Adds nobody and drops nobody.")
        return told


def _accounts(count: int) -> str:
    return "1 account" if count == 1 else f"{count:,} accounts"
