"""All that the page of one account shows, as of a day."""

from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

from django.db.models import Case, IntegerField, Max, Min, QuerySet, Value, When

from accounts.book.rules import SubscriptionState, state_on
from accounts.facts.models import AccountFacts
from accounts.facts.rules import GROUPS, Meaning
from accounts.milestones.models import MilestoneReach
from accounts.records.models import Account, Contact, Subscription
from accounts.records.rules import ContactRole
from accounts.usage.models import DailyUsage, Event

USE_DAYS = 90
SHOWN_CONTACTS, SHOWN_EVENTS, SHOWN_SUBSCRIPTIONS = 25, 20, 50
FIRST_ROLES = (ContactRole.CHAMPION, ContactRole.ECONOMIC_BUYER)


@dataclass(frozen=True)
class Shown:
    """One fact with its value and what it means."""

    meaning: Meaning
    value: Any

    @property
    def words(self) -> str:
        """A word of a closed set as people write it: `self_serve` reads "Self serve"."""
        return str(self.value).replace("_", " ").capitalize()


@dataclass(frozen=True)
class Held:
    """One subscription and how it stands on the day."""

    subscription: Subscription
    state: SubscriptionState


def facts_shown(facts: AccountFacts) -> list[tuple[str, list[Shown]]]:
    """Every fact by group, each with its meaning."""
    return [(label, [Shown(m, getattr(facts, m.name)) for m in meanings]) for label, meanings in GROUPS]


def days_with_facts(account: Account) -> tuple[date | None, date | None]:
    """The first and the last day that facts are kept of."""
    found = AccountFacts.objects.filter(account=account).aggregate(first=Min("day"), last=Max("day"))
    return found["first"], found["last"]


def use_until(account: Account, day: date) -> list[tuple[date, int]]:
    """Events a day over the USE_DAYS days that end with `day` (UTC); days without any are 0, nothing at all is []."""
    first = day - timedelta(days=USE_DAYS - 1)
    rows = DailyUsage.objects.filter(account=account, day__gte=first, day__lte=day)
    counted = dict(rows.values_list("day", "events"))
    days = [first + timedelta(days=n) for n in range(USE_DAYS)]
    return [(on, counted.get(on, 0)) for on in days] if counted else []


def subscriptions(account: Account, day: date) -> list[Held]:
    """The latest subscriptions, newest first."""
    rows = Subscription.objects.filter(account=account).order_by("-starts_on", "-id")[:SHOWN_SUBSCRIPTIONS]
    return [Held(s, state_on(day, s.starts_on, s.ends_on, is_trial=s.is_trial)) for s in rows]


def contacts(account: Account) -> QuerySet[Contact]:
    """Champions first, then buyers, then everybody by name."""
    ranks = [When(role=role.value, then=Value(rank)) for rank, role in enumerate(FIRST_ROLES)]
    order = Case(*ranks, default=Value(len(ranks)), output_field=IntegerField())
    return Contact.objects.filter(account=account).order_by(order, "name", "id")[:SHOWN_CONTACTS]


def reaches(account: Account, day: date) -> QuerySet[MilestoneReach]:
    """Milestones reached up to the end of the day, the latest first."""
    return MilestoneReach.objects.filter(account=account, reached_at__lt=_end_of(day)).select_related("milestone")


def events(account: Account, day: date) -> QuerySet[Event]:
    """The latest events up to the end of the day."""
    rows = Event.objects.filter(account=account, occurred_at__lt=_end_of(day)).select_related("contact")
    return rows.order_by("-occurred_at", "-id")[:SHOWN_EVENTS]


def _end_of(day: date) -> datetime:
    return datetime.combine(day + timedelta(days=1), time.min, tzinfo=UTC)
