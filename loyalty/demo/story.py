"""What has been told of the demo company so far.

The audit holds it: one line for each span of history, written in the very
transaction that writes the span, so that a build that was killed is seen.
"""

from dataclasses import dataclass
from datetime import date, datetime

from accounts.facts.models import AccountFacts
from loyalty.core.audit.models import AuditLine
from loyalty.core.audit.rules import AuditVerb
from loyalty.core.audit.verbs import record
from loyalty.demo.vocabulary import PRODUCT

OBJECT_TYPE = "demo company"
# Raise it whenever the same anchor would give another company: an old one is then left as it is.
EDITION = 5


@dataclass(frozen=True)
class Story:
    """A company of `accounts`, made on the day `anchor`, told up to the instant `until` (UTC)."""

    accounts: int
    anchor: date
    until: datetime
    edition: int

    @property
    def can_go_on(self) -> bool:
        """Whether this code would draw the same company again."""
        return self.edition == EDITION


def told() -> Story | None:
    """The story so far, or None before the first build."""
    line = AuditLine.objects.filter(object_type=OBJECT_TYPE, object_id=OBJECT_TYPE).order_by("-id").first()
    if line is None or line.after is None:
        return None
    return Story(
        accounts=line.after["accounts"],
        anchor=date.fromisoformat(line.after["anchor"]),
        until=datetime.fromisoformat(line.after["until"]),
        edition=line.after["edition"],
    )


def tell(story: Story, *, events: int) -> None:
    """Write the line of a span that has just been written."""
    record(
        AuditVerb.IMPORTED,
        acting_user=None,
        object_type=OBJECT_TYPE,
        object_id=OBJECT_TYPE,
        object_label=f"{PRODUCT}, a demo company of {story.accounts} accounts",
        after={
            "accounts": story.accounts,
            "anchor": story.anchor.isoformat(),
            "until": story.until.isoformat(),
            "edition": story.edition,
            "events": events,
        },
        reason="Made-up history",
    )


def facts_are_there(day: date) -> bool:
    """Whether the facts of a day were worked out; they are worked out day after day, so the earlier ones were too."""
    return AccountFacts.objects.filter(day=day).exists()
