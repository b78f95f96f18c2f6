"""A tiny made-up company: what it does is stored and counted as intake does it."""

import json
from collections.abc import Iterable
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

from django.db import connection

from accounts.facts.models import FactsDirty
from accounts.records.models import Account, Contact, FeedbackScore, Subscription, Ticket
from accounts.records.subscriptions import tell
from accounts.records.terms import Terms
from accounts.usage.counting import COUNTING, GIGABYTES
from accounts.usage.models import Event
from tests.factories import SourceFactory

STORE = f"""
WITH stored AS (
    INSERT INTO accounts_event
        (source_id, message_id, account_id, contact_id, name, quantity, seconds, occurred_at, before_subscription,
         properties)
    VALUES (%s, %s, %s, %s, %s, %s, %s, %s, false, %s)
    ON CONFLICT (source_id, message_id) DO NOTHING
    RETURNING account_id, contact_id, name, quantity, seconds, occurred_at, {GIGABYTES}
), {COUNTING}
SELECT count(*) FROM stored
"""


def moment(day: date, hour: int = 12) -> datetime:
    return datetime(day.year, day.month, day.day, hour, tzinfo=UTC)


def use(
    account: Account,
    day: date,
    name: str = "Report Exported",
    *,
    contact: Contact | None = None,
    times: int = 1,
    seconds: int = 0,
    message_id: str = "",
    hour: int = 12,
    at: datetime | None = None,
    **properties: object,
) -> bool:
    """One event, at an hour of the day (UTC) or `at` a moment; false when its message id was there already."""
    key = message_id or f"{account.pk}-{Event.objects.count()}"
    values = [SourceFactory().pk, key, account.pk, contact.pk if contact else None, name, times, seconds]
    with connection.cursor() as cursor:
        cursor.execute(STORE, [*values, at or moment(day, hour), json.dumps(properties)])
        return cursor.fetchone() == (1,)


def sign_in(account: Account, days: Iterable[date], contact: Contact | None = None) -> None:
    for day in days:
        use(account, day, "Signed In", contact=contact)


def ticket(account: Account, opened: date, closed: date | None = None) -> Ticket:
    return Ticket.objects.create(
        account=account,
        external_id=f"ticket-{Ticket.objects.count()}",
        opened_at=moment(opened),
        closed_at=moment(closed) if closed else None,
    )


def nps(account: Account, day: date, score: int, external_id: str = "") -> FeedbackScore:
    return FeedbackScore.objects.create(
        account=account,
        external_id=external_id or f"nps-{FeedbackScore.objects.count()}",
        kind="nps",
        score=Decimal(score),
        at=moment(day),
    )


def subscription(account: Account, starts_on: date, **values: Any) -> Subscription:
    """One subscription whose terms have been the same from its start."""
    terms = {"mrr": Decimal(1000), "seats": 10, "billing_frequency": "annual"} | values
    name = f"sub-{Subscription.objects.count()}"
    tell(account, name, Terms(**terms), from_day=starts_on, starts_on=starts_on, told_at=moment(starts_on))
    FactsDirty.objects.all().delete()
    return Subscription.objects.get(external_id=name)


def mark(account: Account, day: date) -> None:
    FactsDirty.objects.create(account=account, day=day)


def days(first: date, count: int) -> list[date]:
    return [first + timedelta(days=n) for n in range(count)]
