"""One event's way: from an accepted call to an offer, and the night's sweep."""

from datetime import UTC, date, datetime, timedelta

import pytest
import time_machine
from django.utils import timezone

from accounts.facts.models import AccountFacts, FactsDirty
from accounts.intake.hooks.models import HookCall
from accounts.milestones.models import MilestoneReach
from loyalty.pipeline import react_now, sweep_now
from rewards.offers.models import Offer
from tests.factories import (
    AccountFactory,
    CampaignFactory,
    EventFactory,
    MilestoneFactory,
    OfferFactory,
    SourceFactory,
    milestone_of,
)

pytestmark = pytest.mark.django_db


def test_a_dirty_account_that_reaches_a_milestone_gets_its_offer() -> None:
    campaign = CampaignFactory(milestone=MilestoneFactory(count=2))
    account, now = AccountFactory(), timezone.now()
    for minutes in (5, 1):
        EventFactory(account=account, occurred_at=now - timedelta(minutes=minutes))
    FactsDirty.objects.create(account=account, day=now.date())
    assert react_now() == 1
    offer = Offer.objects.get()
    assert (offer.account, offer.campaign) == (account, campaign)
    assert FactsDirty.objects.count() == 0
    assert AccountFacts.objects.get(account=account, day=now.date()).milestones == [milestone_of(campaign).key]
    assert react_now() == 0


def test_one_event_short_of_the_count_is_not_enough() -> None:
    CampaignFactory(milestone=MilestoneFactory(count=2))
    account = AccountFactory()
    EventFactory(account=account, occurred_at=timezone.now())
    FactsDirty.objects.create(account=account, day=timezone.now().date())
    assert react_now() == 0
    assert (MilestoneReach.objects.count(), Offer.objects.count()) == (0, 0)


def test_the_sweep_catches_up_with_the_days_it_slept_through() -> None:
    account = AccountFactory()
    with time_machine.travel(datetime(2026, 3, 2, 0, 10, tzinfo=UTC), tick=False):
        sweep_now()
    with time_machine.travel(datetime(2026, 3, 5, 0, 10, tzinfo=UTC), tick=False):
        sweep_now()
        sweep_now()
    days = AccountFacts.objects.filter(account=account).order_by("day").values_list("day", flat=True)
    assert list(days) == [date(2026, 3, day) for day in (2, 3, 4, 5)]


def test_the_sweep_of_one_day_is_of_that_day_alone() -> None:
    AccountFactory()
    sweep_now(date(2026, 3, 2))
    assert list(AccountFacts.objects.values_list("day", flat=True)) == [date(2026, 3, 2)]


def test_the_sweep_lets_overdue_offers_lapse() -> None:
    offer = OfferFactory(due_at=timezone.now() - timedelta(minutes=1))
    sweep_now()
    offer.refresh_from_db()
    assert offer.state == "lapsed"


def test_the_sweep_forgets_webhook_ids_that_no_sender_tries_again() -> None:
    source = SourceFactory()
    for days in (1, 40):
        told_at = timezone.now() - timedelta(days=days)
        HookCall.objects.create(source=source, webhook_id=f"w{days}", parts={}, answer={}, received_at=told_at)
    sweep_now()
    assert list(HookCall.objects.values_list("webhook_id", flat=True)) == ["w1"]
