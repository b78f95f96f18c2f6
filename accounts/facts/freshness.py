"""Where the figures of an account come from, and how new the newest datum behind them is."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from django.db.models import Max, Min, Q

from accounts.records.dated import PlanSegmentSince
from accounts.records.days import midnight
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

    What happened after the day is left out; of subscriptions, terms that began after it. Of the account itself the
    first telling counts back, so it stands where nothing had been told by then.
    """
    names = dict(SourceKind.objects.filter(is_active=True).values_list("kind", "source__name"))
    end = midnight(day + timedelta(days=1))
    newest = {
        Kind.ACCOUNT: _newest_telling(account, day, end),
        Kind.SUBSCRIPTION: _newest_terms(account, day),
        Kind.USAGE: _newest_use(account, end),
        Kind.SUPPORT: _newest_ticket(account, end),
        Kind.FEEDBACK: FeedbackScore.objects.filter(account=account, at__lt=end).aggregate(n=Max("at"))["n"],
    }
    return {kind: Origin(names.get(kind.value, ""), at) for kind, at in newest.items()}


def _newest_telling(account: Account, day: date, end: datetime) -> datetime | None:
    segments = PlanSegmentSince.objects.filter(account=account).aggregate(
        first=Min("from_day"), newest=Max("from_day", filter=Q(from_day__lte=day))
    )
    told = [at for at in (account.created_at, account.traits_at) if at and at < end]
    told += [midnight(segments["newest"])] if segments["newest"] else []
    first = [midnight(segments["first"])] if segments["first"] else []
    return max(told or first, default=None)


def _newest_terms(account: Account, day: date) -> datetime | None:
    rows = SubscriptionTerm.objects.filter(subscription__account=account, from_day__lte=day)
    newest: datetime | None = rows.aggregate(n=Max("told_at"))["n"]
    return newest


def _newest_use(account: Account, end: datetime) -> datetime | None:
    """The newest event, or the last day with any use: raw events are not kept for ever, but for some of them."""
    rows = Event.objects.filter(account=account, occurred_at__lt=end)
    newest: datetime | None = rows.aggregate(n=Max("occurred_at"))["n"]
    last: date | None = DailyUsage.objects.filter(account=account, day__lt=end.date()).aggregate(n=Max("day"))["n"]
    return max((at for at in (newest, midnight(last) if last else None) if at), default=None)


def _newest_ticket(account: Account, end: datetime) -> datetime | None:
    """When a ticket was last opened, closed, opened again or rated."""
    rows = Ticket.objects.filter(account=account, opened_at__lt=end)
    told = rows.aggregate(
        opened=Max("opened_at"),
        closed=Max("closed_at", filter=Q(closed_at__lt=end)),
        rated=Max("rated_at", filter=Q(rated_at__lt=end)),
    )
    more_than_once = rows.exclude(turns=None, former_rated_at=None).values_list("turns", "former_rated_at")
    earlier = [at for of_one in more_than_once for moments in of_one for at in moments or () if at < end]
    return max((at for at in (*told.values(), *earlier) if at), default=None)
