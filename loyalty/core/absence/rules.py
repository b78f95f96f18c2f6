"""When one person decides in the place of another, and what neither may decide. Pure."""

from dataclasses import dataclass
from datetime import date

LONGEST_DAYS = 92


@dataclass(frozen=True)
class Absence:
    """The days of an absence, both included, in the company's time zone."""

    starts_on: date
    ends_on: date

    def __contains__(self, day: date) -> bool:
        return self.starts_on <= day <= self.ends_on

    def overlaps(self, other: "Absence") -> bool:
        """Whether the two share a day."""
        return self.starts_on <= other.ends_on and other.starts_on <= self.ends_on

    def refusal(self, today: date) -> str:
        """Why it makes no sense; empty when it does."""
        if self.ends_on < self.starts_on:
            return "The last day lies before the first."
        if self.ends_on < today:
            return "These days are over."
        if (self.ends_on - self.starts_on).days >= LONGEST_DAYS:
            return f"An absence lasts at most {LONGEST_DAYS} days; then look again at who should decide."
        return ""
