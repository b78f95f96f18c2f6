"""A made-up company for the benchmarks of ways in: accounts, contacts, and a day of their events."""

import json
import random
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

ACCOUNTS = 400
CONTACTS = 3000
EVENT_NAMES = [
    *("Signed In", "Report Generated", "Dashboard Viewed", "Export Created", "API Call", "Comment Added"),
    *("Filter Saved", "Alert Created", "Invite Sent", "Custom Report Generated", "Integration Connected"),
]
WEIGHTS = [8, 9, 30, 4, 20, 8, 6, 3, 2, 1, 1]


@dataclass(frozen=True)
class Company:
    """`members[i]` is the account (an index) of contact i: sizes differ as they do in life."""

    members: list[int]

    @staticmethod
    def account_name(index: int) -> str:
        return f"acct-{index:04d}"

    @staticmethod
    def contact_name(index: int) -> str:
        return f"user-{index:05d}"


def company(seed: int = 7) -> Company:
    """400 accounts, 3,000 contacts; every account has one."""
    chance = random.Random(seed)
    weights = [chance.lognormvariate(0, 1) for _ in range(ACCOUNTS)]
    rest = chance.choices(range(ACCOUNTS), weights, k=CONTACTS - ACCOUNTS)
    return Company([*range(ACCOUNTS), *rest])


def day_of_events(made: Company, count: int, seed: int) -> list[dict[str, Any]]:
    """Track calls spread over today up to now (UTC), as a public client library writes them."""
    chance = random.Random(seed)
    now = datetime.now(UTC)
    midnight = now.replace(hour=0, minute=0, second=0, microsecond=0)
    span = max((now - midnight).total_seconds(), 60.0)
    names = chance.choices(EVENT_NAMES, WEIGHTS, k=count)
    people = chance.choices(range(len(made.members)), k=count)
    return [
        {
            "type": "track",
            "event": name,
            "userId": made.contact_name(person),
            "messageId": str(UUID(int=chance.getrandbits(128), version=4)),
            "timestamp": (midnight + timedelta(seconds=chance.uniform(0, span))).isoformat(timespec="milliseconds"),
            "properties": {"duration_seconds": chance.randrange(600), "page": f"/reports/{chance.randrange(500)}"},
            "context": {
                "library": {"name": "analytics-python", "version": "2.4.0"},
                "groupId": made.account_name(made.members[person]),
            },
            "integrations": {},
            "anonymousId": None,
        }
        for name, person in zip(names, people, strict=True)
    ]


def bodies(events: list[dict[str, Any]], size: int) -> list[bytes]:
    """The events as bodies of batches."""
    batches = (events[start : start + size] for start in range(0, len(events), size))
    return [json.dumps({"batch": batch, "sentAt": datetime.now(UTC).isoformat()}).encode() for batch in batches]
