"""What every client library is asked to tell: each call of the Segment spec, one of them twice."""

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

AT = datetime(2026, 3, 31, 14, 5, 0, 123000, tzinfo=UTC)
REPORT = "Custom Report Generated"


@dataclass(frozen=True)
class Story:
    """The calls of one client under names of its own; `timestamp` stands for AT."""

    prefix: str

    @property
    def account(self) -> str:
        return f"{self.prefix}-acme"

    @property
    def first_id(self) -> str:
        return f"{self.prefix}-trial-7"

    @property
    def user(self) -> str:
        return f"{self.prefix}-maria"

    def calls(self) -> list[tuple[str, dict[str, Any]]]:
        """Name of the call → its fields, by the names of the spec."""
        report = {
            "userId": self.user,
            "event": REPORT,
            "properties": {"format": "pdf", "duration_seconds": 90, "title": "Umsatz – Q1 “neu”"},
            "timestamp": AT,
            "messageId": f"{self.prefix}-report",
        }
        at_acme = {"context": {"groupId": self.account}}
        return [
            ("group", {"userId": self.first_id, "groupId": self.account, "traits": {"name": "Acme", "employees": 40}}),
            ("identify", {"userId": self.first_id, "traits": {"name": "Maria Silva", "email": "maria@acme.example"}}),
            ("alias", {"previousId": self.first_id, "userId": self.user}),
            ("track", report),
            ("track", report),
            ("page", {"userId": self.user, "name": "Home", "properties": {"path": "/"}} | at_acme),
            ("screen", {"userId": self.user, "name": "Dashboard"} | at_acme),
        ]


# What is there once a story was told, however often its parts arrived: of the seven calls one is a repetition.
CALLS, EVENTS, PROFILE_CALLS = 7, 3, 3


def found(story: Story) -> dict[str, Any]:
    """What the application knows of a story."""
    from accounts.intake.models import ProfileCall, RefusedItem
    from accounts.records.models import Account, Contact
    from accounts.usage.models import DailyUsage, Event

    account = Account.objects.get(external_id=story.account)
    contact = Contact.objects.get(external_id=story.user)
    events = Event.objects.filter(account=account)
    report = events.get(message_id=f"{story.prefix}-report")
    return {
        "account": (account.name, account.employee_count),
        "contact": (contact.name, contact.email, contact.account_id == account.pk),
        "events": sorted(events.values_list("name", flat=True)),
        "report": (report.occurred_at, report.properties, report.contact_id == contact.pk, report.seconds),
        "counted": sum(DailyUsage.objects.filter(account=account).values_list("events", flat=True)),
        "profile calls": sorted(ProfileCall.objects.filter(contact=contact).values_list("call", flat=True)),
        "refused": RefusedItem.objects.filter(raw__contains=story.prefix).count(),
    }


def expected(story: Story) -> dict[str, Any]:
    """What it should know."""
    properties = dict(story.calls()[3][1]["properties"])
    return {
        "account": ("Acme", 40),
        "contact": ("Maria Silva", "maria@acme.example", True),
        "events": [REPORT, "Viewed Dashboard Screen", "Viewed Home Page"],
        "report": (AT, properties, True, 90),
        "counted": EVENTS,
        "profile calls": ["alias", "group", "identify"],
        "refused": 0,
    }
