"""One event's way: from an accepted call to an offer, and the order of the night."""

from datetime import UTC, date, datetime, timedelta

import pytest
import time_machine
from django.core.management import call_command
from django.utils import timezone

from accounts.facts.models import AccountFacts, FactsDirty
from accounts.facts.queries import latest, latest_day
from accounts.facts.verbs import refresh
from accounts.intake.hooks.models import HookCall
from accounts.milestones.models import MilestoneReach
from loyalty.core.figures import day_text
from loyalty.core.jobs.models import Night, NightStep
from loyalty.core.jobs.running import run_next
from loyalty.pipeline import CHORES, ORDER, react_now, sweep_now, turn_the_day
from rewards.campaigns.models import EvaluationDue
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
    assert (FactsDirty.objects.count(), EvaluationDue.objects.count()) == (0, 0)
    assert AccountFacts.objects.get(account=account, day=now.date()).milestones == [milestone_of(campaign).key]
    assert react_now() == 0


def test_one_event_short_of_the_count_is_not_enough() -> None:
    CampaignFactory(milestone=MilestoneFactory(count=2))
    account = AccountFactory()
    EventFactory(account=account, occurred_at=timezone.now())
    FactsDirty.objects.create(account=account, day=timezone.now().date())
    assert react_now() == 0
    assert (MilestoneReach.objects.count(), Offer.objects.count()) == (0, 0)


def test_a_worker_that_dies_between_facts_and_offers_loses_nothing() -> None:
    CampaignFactory()
    account, now = AccountFactory(), timezone.now()
    EventFactory(account=account, occurred_at=now)
    FactsDirty.objects.create(account=account, day=now.date())
    from accounts.facts.verbs import refresh_dirty

    assert refresh_dirty(10) == [account.pk]
    assert (Offer.objects.count(), FactsDirty.objects.count(), EvaluationDue.objects.count()) == (0, 0, 1)
    assert react_now() == 1


def test_the_sweep_catches_up_with_the_days_it_slept_through() -> None:
    account = AccountFactory()
    with time_machine.travel(datetime(2026, 3, 2, 0, 10, tzinfo=UTC), tick=False):
        sweep_now()
    with time_machine.travel(datetime(2026, 3, 5, 0, 10, tzinfo=UTC), tick=False):
        # One account was served already today, which must not hide that the others were not.
        refresh([AccountFactory().pk], date(2026, 3, 5), date(2026, 3, 5))
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


def test_the_order_of_the_night_is_that_of_the_product() -> None:
    assert list(ORDER) == ["facts", "segments", "tiers", "expiry", "triggers", "reminders", "reconciliation"]
    assert {chore.step for chore in CHORES} <= set(ORDER)


def test_the_night_turns_once_a_day_by_itself() -> None:
    CampaignFactory()
    EventFactory(occurred_at=datetime(2026, 3, 1, 23, 0, tzinfo=UTC))
    before = datetime(2026, 3, 2, 0, 9, tzinfo=UTC)
    with time_machine.travel(before, tick=False) as clock:
        turn_the_day(timezone.now())
        assert Night.objects.count() == 0
        clock.shift(timedelta(minutes=1))
        for _ in range(3 * len(ORDER)):
            turn_the_day(timezone.now())
            run_next()
        night = Night.objects.get()
        assert (night.day, night.is_nightly, night.finished_at) == (date(2026, 3, 2), True, timezone.now())
        assert list(NightStep.objects.order_by("id").values_list("step", flat=True)) == list(ORDER)
        assert Offer.objects.count() == 1
        clock.shift(timedelta(hours=23))
        turn_the_day(timezone.now())
        assert Night.objects.count() == 1


def test_the_command_tells_what_came_of_each_step(capsys: pytest.CaptureFixture[str]) -> None:
    CampaignFactory()
    EventFactory(occurred_at=timezone.now())
    call_command("sweep")
    told = capsys.readouterr().out.splitlines()
    assert [line.partition(":")[0] for line in told] == [*ORDER.values(), "Swept."]
    assert told[0] == "Facts: facts 1, milestones 1"
    assert told[4] == "Triggers: proposed 1"


def test_a_day_ahead_is_swept_with_a_warning_and_is_not_how_things_stand(capsys: pytest.CaptureFixture[str]) -> None:
    today, acme = timezone.now().date(), AccountFactory()
    ahead = today + timedelta(days=40)
    refresh(None, today, today)
    call_command("sweep", "--as-of", ahead.isoformat())
    assert capsys.readouterr().err.startswith(f"{day_text(ahead)} lies ahead: ")
    assert AccountFacts.objects.filter(day=ahead).count() == 1
    assert latest_day() == today
    facts = latest(acme)
    assert facts is not None
    assert facts.day == today
