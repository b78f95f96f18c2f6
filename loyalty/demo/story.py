"""What has been told of the demo company so far.

The audit holds it: one line for each span of history, written in the very
transaction that writes the span, so that a build that was killed is seen.
"""

from dataclasses import dataclass
from datetime import date, datetime

from django.db import connection

from loyalty.core.audit.models import AuditLine
from loyalty.core.audit.rules import AuditVerb
from loyalty.core.audit.verbs import record
from loyalty.demo.vocabulary import PRODUCT

OBJECT_TYPE = "demo company"
DECISIONS = "demo decisions"
# Raise it whenever the same anchor would give another company: an old one is then left as it is.
EDITION = 6


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


def tell_decided() -> None:
    """Write the line of what the demo's own people did on the first day, in their very transaction."""
    record(
        AuditVerb.IMPORTED,
        acting_user=None,
        object_type=DECISIONS,
        object_id=DECISIONS,
        object_label=f"The first day of {PRODUCT}",
        reason="Made-up decisions, each told on a line of its own",
    )


def done(day: date) -> tuple[bool, bool]:
    """Whether the facts of a day were worked out, and so those of earlier days; and whether the first day was lived."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT EXISTS (SELECT FROM accounts_accountfacts WHERE day = %s),"
            " EXISTS (SELECT FROM core_auditline WHERE object_type = %s AND object_id = %s)",
            [day, DECISIONS, DECISIONS],
        )
        facts_are_there, is_decided = cursor.fetchone()
    return facts_are_there, is_decided
