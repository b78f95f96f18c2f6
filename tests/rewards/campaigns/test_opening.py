"""The next step of a ladder opens once the one before was declined or lapsed, and waited, while the trigger holds."""

from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from accounts.milestones.models import MilestoneReach
from accounts.records.models import Account
from loyalty.core.figures import day_text
from rewards.campaigns.models import Campaign, CampaignStep, Candidate
from rewards.campaigns.panel import ladder_panel
from rewards.offers.models import Offer
from tests.factories import AccountFactory, MilestoneFactory, RewardFactory
from tests.rewards.campaigns.made import campaign_on, evaluate, know, reach

pytestmark = pytest.mark.django_db


def a_ladder(kind: str = "cancellation_intent", **changes: Any) -> Campaign:
    rewards = [RewardFactory(name=name) for name in ("First", "Second", "Third")]
    return campaign_on(kind, rewards=rewards, waits=3, **changes)


def first_offer(campaign: Campaign) -> tuple[Account, Offer]:
    account = AccountFactory()
    know(account, 0, cancellation_intent=True)
    assert evaluate() == 1
    return account, Offer.objects.get()


def ended(offer: Offer, state: str, days: int) -> None:
    Offer.objects.filter(pk=offer.pk).update(state=state, closed_at=timezone.now() - timedelta(days=days))


def test_the_night_in_which_a_wait_is_over_may_begin_some_minutes_earlier_than_the_one_that_closed() -> None:
    _, offer = first_offer(a_ladder())
    Offer.objects.filter(pk=offer.pk).update(
        state="lapsed", closed_at=timezone.now() - timedelta(days=3) + timedelta(minutes=5)
    )
    assert evaluate() == 1


def test_what_is_offered_says_by_when_and_its_page_where_on_the_ladder_it_stands() -> None:
    campaign = a_ladder()
    CampaignStep.objects.filter(campaign=campaign, position=1).update(answer_days=5)
    _, offer = first_offer(campaign)
    assert offer.answer_days == 5
    assert ladder_panel(offer).sentences == (
        "Step 1 of 3: First → Second → Third.",
        "Once delivered it lapses unless it is answered within 5 days.",
        "“Second” opens 3 days after this one was declined or lapsed, if the trigger still holds then.",
    )
    ended(offer, "lapsed", days=3)
    offer.refresh_from_db()
    assert ladder_panel(offer).sentences[-1] == (
        f"“Second” opens on {day_text(timezone.now().date())}, if the trigger still holds then."
    )
    evaluate()
    second = Offer.objects.get(step=2)
    assert second.answer_days is None
    on = day_text((timezone.now() - timedelta(days=3)).date())
    assert ladder_panel(second).sentences[1] == f"It opened because “First” lapsed on {on}."
    assert ladder_panel(offer).sentences[-1] == f"“Second” followed on {day_text(timezone.now().date())}."
    ended(second, "accepted", days=1)
    second.refresh_from_db()
    assert ladder_panel(second).sentences[-1] == "“Third” does not open: this one was accepted."
    assert ladder_panel(Offer(campaign=campaign_on("cancellation_intent"), step=1)).sentences == ()


@pytest.mark.parametrize("state", ["declined", "lapsed"])
def test_step_by_step(state: str) -> None:
    _, offer = first_offer(a_ladder())
    assert (offer.step, offer.reward_name) == (1, "First")
    ended(offer, state, days=2)
    assert evaluate() == 0
    ended(offer, state, days=3)
    assert [evaluate(), evaluate()] == [1, 0]
    second = Offer.objects.get(step=2)
    assert (second.reward_name, second.cause_key) == ("Second", offer.cause_key)
    ended(second, state, days=3)
    evaluate()
    third = Offer.objects.get(step=3)
    ended(third, state, days=30)
    assert evaluate() == 0
    assert list(Candidate.objects.order_by("step").values_list("step", "outcome")) == [
        (1, "proposed"),
        (2, "proposed"),
        (3, "proposed"),
    ]


@pytest.mark.parametrize(
    "state", ["in_approval", "approved", "delivered", "accepted", "redeemed", "rejected", "withdrawn"]
)
def test_nothing_else_opens_a_step(state: str) -> None:
    _, offer = first_offer(a_ladder())
    ended(offer, state, days=10)
    assert evaluate() == 0


def test_it_stays_shut_when_the_trigger_no_longer_holds() -> None:
    account, offer = first_offer(a_ladder())
    ended(offer, "declined", days=3)
    know(account, 0, cancellation_intent=False)
    assert evaluate() == 0
    know(account, 0, cancellation_intent=True)
    assert evaluate() == 1


@pytest.mark.parametrize("status", ["paused", "retired"])
def test_it_stays_shut_when_the_campaign_does_not_run(status: str) -> None:
    campaign = a_ladder()
    _, offer = first_offer(campaign)
    ended(offer, "declined", days=3)
    Campaign.objects.update(status=status)
    assert evaluate() == 0


def test_a_step_that_came_too_late_does_not_open() -> None:
    _, offer = first_offer(a_ladder())
    ended(offer, "declined", days=3 + 31)
    assert evaluate() == 0


def test_a_dated_fact_holds_for_as_long_as_it_stands() -> None:
    rewards = [RewardFactory(name=name) for name in ("First", "Second")]
    campaign = campaign_on("milestone", rewards=rewards, parameters={"milestone": MilestoneFactory().key})
    reach(campaign)
    evaluate()
    ended(Offer.objects.get(), "declined", days=1)
    stored = MilestoneReach.objects.get()
    MilestoneReach.objects.all().delete()
    assert evaluate() == 0
    stored.save(force_insert=True)
    assert evaluate() == 1
