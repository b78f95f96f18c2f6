"""What a milestone is, in plain data and in words."""

from dataclasses import dataclass
from enum import StrEnum


class MilestoneStatus(StrEnum):
    DRAFT = "draft"
    LIVE = "live"
    RETIRED = "retired"


@dataclass(frozen=True)
class MilestoneTerms:
    """An event reached `count` times, within `within_days` days of sign-up if given."""

    event_name: str
    count: int
    within_days: int | None

    def in_words(self) -> str:
        times = "for the first time" if self.count == 1 else f"{self.count} times"
        window = f", within {self.within_days} days of sign-up" if self.within_days else ""
        return f"“{self.event_name}” {times}{window}"
