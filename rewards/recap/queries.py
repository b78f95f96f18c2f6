"""Counting what an account has with us, from its own use and its own credits."""

from collections.abc import Sequence
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal

from django.db.models import Count, Min, Sum

from accounts.facts.models import AccountFacts
from accounts.milestones.models import MilestoneReach
from accounts.records.models import Account
from accounts.tiers.models import Tier
from accounts.usage.models import ContactDay, DailyUsage, EventDay, MeteredDay
from accounts.usage.rules import API_CALL_NAMES, CANCELLATION_NAMES, INTEGRATION_NAMES, SIGN_IN_NAMES
from rewards.ledger.models import CreditLot
from rewards.ledger.queries import lot_rooms
from rewards.perks.rules import in_words
from rewards.perks.verbs import perks_of, values_of
from rewards.recap.rules import SHOWN_FEATURES, Counted, Owed, Reached, Used

# Told by sentences of their own.
NO_FEATURES = (*SIGN_IN_NAMES, *CANCELLATION_NAMES, *INTEGRATION_NAMES, *API_CALL_NAMES)


def counted(account: Account, day: date) -> Counted:
    """All that a recap tells, up to and with a day (UTC); daily counts are kept for good, raw events are not."""
    used = DailyUsage.objects.filter(account=account, day__lte=day).aggregate(
        events=Sum("events"), key_actions=Sum("key_actions"), first=Min("day")
    )
    active = DailyUsage.objects.filter(account=account, day__lte=day, events__gt=0).count()
    people = ContactDay.objects.filter(account=account, day__lte=day, events__gt=0).aggregate(
        n=Count("contact", distinct=True)
    )["n"]
    processed = MeteredDay.objects.filter(account=account, day__lte=day).aggregate(n=Sum("gigabytes"))["n"]
    facts = AccountFacts.objects.filter(account=account, day__lte=day).order_by("-day").first()
    return Counted(
        account=account.name,
        day=day,
        since=used["first"],
        active_days=active,
        people=people,
        events=used["events"] or 0,
        key_actions=used["key_actions"] or 0,
        gigabytes=processed or Decimal(0),
        integrations=_times(account, day, INTEGRATION_NAMES),
        api_calls=_times(account, day, API_CALL_NAMES),
        features=_features(account, day),
        milestones=_milestones(account, day),
        owed=_owed(account, day),
        standing=_standing(facts.tier if facts else None),
    )


def _times(account: Account, day: date, names: Sequence[str]) -> int:
    rows = EventDay.objects.filter(account=account, day__lte=day, name__in=names)
    return rows.aggregate(n=Sum("quantity"))["n"] or 0


def _standing(key: str | None) -> str:
    """The tier with what it brings, in words; empty for none."""
    tier = Tier.objects.filter(key=key).first() if key else None
    return f"{tier}, with {in_words(values_of(perks_of(tier)))}" if tier else ""


def _features(account: Account, day: date) -> list[Used]:
    rows = EventDay.objects.filter(account=account, day__lte=day).exclude(name__in=NO_FEATURES)
    most = rows.values_list("name").annotate(times=Sum("quantity")).order_by("-times", "name")[:SHOWN_FEATURES]
    return [Used(name, times) for name, times in most]


def _milestones(account: Account, day: date) -> list[Reached]:
    end = datetime.combine(day + timedelta(days=1), time.min, tzinfo=UTC)
    stands = MilestoneReach.objects.filter(account=account, withdrawn_at=None)
    stands = stands.exclude(milestone__event_name__in=INTEGRATION_NAMES)
    rows = stands.filter(reached_at__lt=end).order_by("reached_at", "id")
    return [Reached(name, at.date()) for name, at in rows.values_list("milestone__name", "reached_at")]


def _owed(account: Account, day: date) -> list[Owed]:
    """What is left of credits that have not expired, by currency; `until` is the day when the first of it expires."""
    currencies = CreditLot.objects.filter(account=account).order_by("currency").values_list("currency", flat=True)
    owed = []
    for currency in currencies.distinct():
        rooms = [room for room in lot_rooms(account.pk, currency) if room.left > 0 and room.expires_on >= day]
        if rooms:
            left = sum((room.left for room in rooms), Decimal(0))
            owed.append(Owed(left, currency, min(room.expires_on for room in rooms)))
    return owed
