"""Where the figures of an account come from, and how new the newest datum behind them is."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta

from django.db.models import Max

from accounts.records.models import Account, FeedbackScore, SubscriptionTerm, Ticket
from accounts.sources.models import SourceKind
from accounts.sources.rules import Kind
from accounts.usage.models import DailyUsage, Event


@dataclass(frozen=True)
class Origin:
    """The system of record of one kind of data (empty: none), and the time (UTC) of what it last told of an account."""

    source: str
    newest_at: datetime | None


def origins(account: Account, day: date) -> Mapping[Kind, Origin]:
    """Of each kind of data: who records it, and how new what counts towards the facts of a day is.

    What happened after the day is left out; of subscriptions, terms that began after it.
    """
    names = dict(SourceKind.objects.filter(is_active=True).values_list("kind", "source__name"))
    end = datetime.combine(day + timedelta(days=1), time.min, tzinfo=UTC)
    newest = {
        Kind.ACCOUNT: account.traits_at or account.created_at,
        Kind.SUBSCRIPTION: _newest_terms(account, day),
        Kind.USAGE: _newest_use(account, end),
        Kind.SUPPORT: _newest_ticket(account, end),
        Kind.FEEDBACK: FeedbackScore.objects.filter(account=account, at__lt=end).aggregate(n=Max("at"))["n"],
    }
    return {kind: Origin(names.get(kind.value, ""), at) for kind, at in newest.items()}


def _newest_terms(account: Account, day: date) -> datetime | None:
    rows = SubscriptionTerm.objects.filter(subscription__account=account, from_day__lte=day)
    newest: datetime | None = rows.aggregate(n=Max("told_at"))["n"]
    return newest


def _newest_use(account: Account, end: datetime) -> datetime | None:
    """The newest event; raw events are not kept for ever, so then the last day with any use."""
    rows = Event.objects.filter(account=account, occurred_at__lt=end)
    newest: datetime | None = rows.aggregate(n=Max("occurred_at"))["n"]
    if newest:
        return newest
    last: date | None = DailyUsage.objects.filter(account=account, day__lt=end.date()).aggregate(n=Max("day"))["n"]
    return datetime.combine(last, time.min, tzinfo=UTC) if last else None


def _newest_ticket(account: Account, end: datetime) -> datetime | None:
    rows = Ticket.objects.filter(account=account, opened_at__lt=end)
    closed = rows.filter(closed_at__lt=end).aggregate(n=Max("closed_at"))["n"]
    opened = rows.aggregate(n=Max("opened_at"))["n"]
    return max((at for at in (opened, closed) if at), default=None)
