"""Fault row 22: the same events late, doubled and out of order make the same facts, segments, tiers, offers and ledger.

Every order has a company of its own, with the same accounts, people and events
under names of its own; what became of it is told without those names. Half of
the orders are reacted to in the middle of what they send, when much of the past
is still to come. Reports, which an offer follows, are all of the last days: of
what is reached for the first time by an event of last week, and by an older one
that comes later, an offer rightly depends on what was known when it was made.
"""

import random
import time
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from django.db import connection
from django.utils import timezone

from accounts.intake.reading import Envelope
from accounts.intake.verbs import take_in
from accounts.sources.models import Source
from accounts.sources.queries import Sender
from accounts.sources.rules import Kind
from loyalty.core.people.models import User
from loyalty.core.people.rules import Function
from loyalty.pipeline import REACT_SECONDS, react_now
from loyalty.shipped import ensure_shipped
from rewards.approvals.verbs import approve
from rewards.offers.models import Offer
from tests.factories import FIRST_REPORT, PersonFactory, run_since

ACCOUNTS, PEOPLE, DAYS = 40, 4, 45
REPORT, REPORT_DAYS = "Custom Report Generated", 6
NAMES = {
    "Signed In": 30,
    "Dashboard Viewed": 25,
    "Core Workflow Activated": 3,
    "Onboarding Completed": 2,
    "Integration Connected": 2,
    "Export Created": 6,
    "API Call": 10,
    "Search": 12,
}
# What came of one order, table by table; compared as it is.
FOUND = {
    "facts": """
        SELECT substr(a.external_id, %(from)s), to_jsonb(f) - '{account_id,refreshed_at}'::text[]
        FROM accounts_accountfacts f JOIN accounts_account a ON a.id = f.account_id WHERE a.external_id LIKE %(like)s
    """,
    "daily usage": """
        SELECT substr(a.external_id, %(from)s), to_jsonb(u) - '{account_id}'::text[]
        FROM accounts_dailyusage u JOIN accounts_account a ON a.id = u.account_id WHERE a.external_id LIKE %(like)s
    """,
    "segments": """
        SELECT substr(a.external_id, %(from)s), jsonb_build_array(s.key, m.entered, m.day, m.version)
        FROM accounts_segmentmove m JOIN accounts_segment s ON s.id = m.segment_id
        JOIN accounts_account a ON a.id = m.account_id
        WHERE a.external_id LIKE %(like)s AND m.withdrawn_at IS NULL
    """,
    "tiers": """
        SELECT substr(a.external_id, %(from)s), jsonb_build_array(m.tier_id, m.from_tier_id, m.day, m.metric, m.version)
        FROM accounts_tiermove m JOIN accounts_account a ON a.id = m.account_id
        WHERE a.external_id LIKE %(like)s AND m.withdrawn_at IS NULL
    """,
    "milestones": """
        SELECT substr(a.external_id, %(from)s), jsonb_build_array(s.key, r.reached_at, r.count, r.version)
        FROM accounts_milestonereach r JOIN accounts_milestone s ON s.id = r.milestone_id
        JOIN accounts_account a ON a.id = r.account_id WHERE a.external_id LIKE %(like)s AND r.withdrawn_at IS NULL
    """,
    "offers": """
        SELECT substr(a.external_id, %(from)s), jsonb_build_array(c.key, o.reward_id, o.face_value, o.state)
        FROM rewards_offer o JOIN rewards_campaign c ON c.id = o.campaign_id
        JOIN accounts_account a ON a.id = o.account_id WHERE a.external_id LIKE %(like)s
    """,
    "ledger": """
        SELECT substr(a.external_id, %(from)s), jsonb_build_array(p.kind, p.booked_on, l.ledger_account_id, l.amount)
        FROM rewards_postingline l JOIN rewards_posting p ON p.id = l.posting_id
        JOIN accounts_account a ON a.id = p.account_id WHERE a.external_id LIKE %(like)s
    """,
}
# Of these there must be some, so that nothing is the same because it is empty.
THERE = ("facts", "daily usage", "tiers", "milestones", "offers", "ledger")
Outcome = dict[str, list[tuple[str, str]]]


@dataclass(frozen=True)
class Stage:
    """Who sends, who decides, and what happened to every company."""

    sender: Sender
    people: list[User]
    events: list[dict[str, Any]]
    now: datetime


def set_up(events: int, seed: int = 22) -> Stage:
    """The programme as it is shipped, live for longer than the events reach back; call on empty tables."""
    now = timezone.now()
    ensure_shipped(effective_at=now - timedelta(days=400))
    run_since(FIRST_REPORT, now - timedelta(days=DAYS + 1))
    source = Source.objects.create(name="Product of row 22")
    for kind in (Kind.USAGE, Kind.ACCOUNT):
        source.kinds.create(kind=kind.value)
    sender = Sender(source.pk, source.name, frozenset({Kind.USAGE, Kind.ACCOUNT}), is_heard=False)
    people = [PersonFactory(functions=list(Function)) for _ in range(2)]
    return Stage(sender, people, list(_events(events, random.Random(seed), now)), now)


def play(stage: Stage, number: int) -> Outcome:
    """Tell the story of one company in an order of its own, and say what came of it; number 0 is in order of time."""
    chance, prefix = random.Random(number), f"order-{number:03}-"
    signed_up = (stage.now - timedelta(days=DAYS + 5)).isoformat()
    companies = [
        {"type": "group", "groupId": f"{prefix}{n}", "traits": {"name": f"Company {n}", "createdAt": signed_up}}
        for n in range(ACCOUNTS)
    ]
    _send(stage, companies)
    told = [_named(event, prefix) for event in stage.events]
    if number:
        told += chance.sample(told, len(told) // 10)
        chance.shuffle(told)
    for batch in _batches(told, chance):
        _send(stage, batch)
        if number % 2 and chance.random() < 0.05:
            _react()
    _react()
    _decide(stage, prefix)
    return _found(prefix)


def differing(first: Outcome, other: Outcome) -> list[str]:
    """The tables that are not the same."""
    return [name for name in first if first[name] != other[name]]


def _events(count: int, chance: random.Random, now: datetime) -> Iterator[dict[str, Any]]:
    """In order of time; one in ten is told without the person."""
    reports = count // 100
    happened = [(_moment(now, REPORT_DAYS, chance), REPORT) for _ in range(reports)]
    names = chance.choices(list(NAMES), list(NAMES.values()), k=count - reports)
    happened += [(_moment(now, DAYS, chance), name) for name in names]
    for place, (moment, name) in enumerate(sorted(happened)):
        # Some companies use the product much, some hardly.
        account = int(ACCOUNTS * chance.random() ** 2)
        yield {
            "type": "track",
            "event": name,
            "messageId": str(place),
            "timestamp": moment.astimezone(UTC).isoformat(timespec="milliseconds"),
            "userId": f"{account}-{chance.randrange(PEOPLE)}" if chance.random() < 0.9 else "",
            "context": {"groupId": str(account)},
            "properties": {"duration_seconds": chance.randrange(900), "gigabytes": chance.randrange(5)},
        }


def _moment(now: datetime, days: int, chance: random.Random) -> datetime:
    return now - timedelta(seconds=chance.uniform(60, days * 86_400))


def _named(event: dict[str, Any], prefix: str) -> dict[str, Any]:
    user = prefix + event["userId"] if event["userId"] else ""
    group = {"groupId": prefix + event["context"]["groupId"]}
    return event | {"messageId": prefix + event["messageId"], "userId": user, "context": group}


def _batches(events: list[dict[str, Any]], chance: random.Random) -> Iterator[list[dict[str, Any]]]:
    start = 0
    while start < len(events):
        size = chance.randrange(1, 500)
        yield events[start : start + size]
        start += size


def _send(stage: Stage, calls: list[dict[str, Any]]) -> None:
    receipt = take_in(stage.sender, "batch", list(calls), Envelope(stage.now), endpoint=None, size=0)
    if receipt.refused:
        raise RuntimeError(f"Refused: {receipt.refused[0].refusal.reason}")


def _react() -> None:
    """React to all that came, as a worker does that is rung for again whenever its time was too short for it."""
    while True:
        began = time.monotonic()
        react_now()
        if time.monotonic() - began < REACT_SECONDS:
            return  # it ended before its time was over: nothing was left


def _decide(stage: Stage, prefix: str) -> None:
    """Approve every offer, step by step; each step by somebody who has not decided on it."""
    for offer in Offer.objects.filter(account__external_id__startswith=prefix).order_by("account__external_id"):
        for place, step in enumerate(offer.steps.order_by("position")):
            approver = stage.people[place % len(stage.people)]
            approve(offer.pk, function=Function(step.function), digest=offer.digest, acting_user=approver)


def _found(prefix: str) -> Outcome:
    parameters = {"from": len(prefix) + 1, "like": f"{prefix}%"}
    found: Outcome = {}
    with connection.cursor() as cursor:
        for name, query in FOUND.items():
            cursor.execute(f"SELECT account, told::text FROM ({query}) AS f(account, told) ORDER BY 1, 2", parameters)
            found[name] = cursor.fetchall()
    return found


def counts(outcome: Outcome) -> dict[str, int]:
    """How many rows of each there are."""
    return {name: len(rows) for name, rows in outcome.items()}


def missing(outcome: Outcome) -> list[str]:
    """What there should be some of, and is not."""
    return [name for name in THERE if not outcome[name]]
