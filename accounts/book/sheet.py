"""All that the page of one account shows, as of a day."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

from django.conf import settings
from django.db.models import Exists, Max, Min, OuterRef, QuerySet

from accounts.book.rules import SubscriptionState, state_on
from accounts.conditions.queries import vocabulary
from accounts.conditions.rules.words import value_text
from accounts.facts.freshness import Origin
from accounts.facts.models import AccountFacts
from accounts.facts.rules import GROUPS, Meaning
from accounts.intake.stripe.unpriced import WHY, Why
from accounts.milestones.models import MilestoneReach
from accounts.records.models import Account, StandingDiscount, Subscription, SubscriptionTerm
from accounts.records.movements import Moved, movements
from accounts.records.rules import Unpriced
from accounts.records.subscriptions import histories_of, standing_on
from accounts.records.terms import History, Terms
from accounts.segments.models import Segment
from accounts.sources.rules import Kind
from accounts.usage.models import DailyUsage, Event

USE_DAYS = 90
NEWEST_FIRST = ("-starts_on", "-id")
SHOWN_EVENTS, SHOWN_SUBSCRIPTIONS, SHOWN_CHANGES = 20, 50, 12


@dataclass(frozen=True)
class Shown:
    """One fact with its value, what it means, and where it comes from."""

    meaning: Meaning
    value: Any
    origins: tuple[Origin, ...]
    """Who has told something that it may stand on; who would tell it while nobody has."""
    words: str
    """A word, or several, as people call them: `self_serve` reads "self-serve", the key of a segment its name."""


@dataclass(frozen=True)
class Step:
    """The terms of a subscription on the days [since, until)."""

    since: date
    until: date | None
    terms: Terms


@dataclass(frozen=True)
class Held:
    """One subscription: how it stands on the day, on the terms of that day, and all the steps of its life."""

    subscription: Subscription
    state: SubscriptionState
    terms: Terms
    steps: tuple[Step, ...]
    standing: StandingDiscount | None = None
    """What comes off its MRR on the day because it comes off everything of the customer."""

    @property
    def ends_on(self) -> date | None:
        """The end of its last step."""
        return self.steps[-1].until

    @property
    def why_unknown(self) -> Why | None:
        """Why its MRR is unknown, if billing could say."""
        if self.terms.mrr is None:
            return WHY.get(self.terms.unpriced)
        return WHY[Unpriced.DISCOUNT] if self.standing is not None and not self.standing.words else None

    @property
    def billing(self) -> str:
        return self.terms.billing_frequency.replace("_", " ").capitalize()


def facts_shown(facts: AccountFacts, known: Mapping[Kind, Origin]) -> list[tuple[str, list[Shown]]]:
    """Every fact by group, each with its meaning and origin."""
    called = vocabulary()

    def shown(meaning: Meaning) -> Shown:
        value = getattr(facts, meaning.name)
        words = value_text(called[meaning.name], value, settings.REPORTING_CURRENCY)
        told = [origin for kind in meaning.kinds + meaning.also if (origin := known[kind]).newest_at]
        return Shown(meaning, value, tuple(told or [known[meaning.kinds[0]]]), words)

    return [(label, [shown(meaning) for meaning in meanings]) for label, meanings in GROUPS]


def segments_of(facts: AccountFacts | None) -> list[Segment]:
    """The segments that the account was in at the end of the day, the primary one first."""
    keys = facts.segments if facts else []
    found = {segment.key: segment for segment in Segment.objects.filter(key__in=keys)}
    return [found[key] for key in keys if key in found]


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


def sold_to(account: Account) -> QuerySet[Subscription]:
    """The subscriptions of an account of which terms are known."""
    return Subscription.objects.filter(
        Exists(SubscriptionTerm.objects.filter(subscription=OuterRef("pk"))), account=account
    )


def held(subscriptions: Iterable[Subscription], day: date) -> list[Held]:
    """Subscriptions in their order, with the terms of the day, of the start or of the end."""
    shown = [
        _held(subscription, history, day) for subscription, history in histories_of(subscriptions) if history.terms
    ]
    standing = standing_on(day, {h.terms.discounts_of for h in shown})
    return [replace(h, standing=standing.get(h.terms.discounts_of)) for h in shown]


def newest_held(account: Account, day: date) -> list[Held]:
    """The SHOWN_SUBSCRIPTIONS newest subscriptions of an account."""
    return held(sold_to(account).order_by(*NEWEST_FIRST)[:SHOWN_SUBSCRIPTIONS], day)


def changes_of_mrr(account: Account, day: date) -> list[Moved]:
    """The latest movements of its MRR up to the day, newest first."""
    return movements(date.min, day, account_id=account.pk)[: -SHOWN_CHANGES - 1 : -1]


def unknown_now(held: Iterable[Held]) -> list[tuple[str, Why]]:
    """The running subscriptions of which the MRR is unknown, by plan, and why."""
    running = (h for h in held if h.state is SubscriptionState.ACTIVE)
    return [(h.terms.plan or "Its subscription", h.why_unknown) for h in running if h.why_unknown]


def _held(subscription: Subscription, history: History, day: date) -> Held:
    steps = tuple(Step(*step) for step in history.steps())
    shown = next((step.terms for step in reversed(steps) if step.since <= day), steps[0].terms)
    state = state_on(day, history.starts_on, steps[-1].until, is_trial=shown.is_trial, is_paused=shown.is_paused)
    return Held(subscription, state, shown, steps)


def reaches(account: Account, day: date) -> QuerySet[MilestoneReach]:
    """Milestones reached up to the end of the day, the latest first."""
    stands = MilestoneReach.objects.filter(account=account, withdrawn_at=None)
    return stands.filter(reached_at__lt=_end_of(day)).select_related("milestone")


def events(account: Account, day: date) -> QuerySet[Event]:
    """The latest events up to the end of the day."""
    rows = Event.objects.filter(account=account, occurred_at__lt=_end_of(day)).select_related("contact")
    return rows.order_by("-occurred_at", "-id")[:SHOWN_EVENTS]


def _end_of(day: date) -> datetime:
    return datetime.combine(day + timedelta(days=1), time.min, tzinfo=UTC)
