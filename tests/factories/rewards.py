from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import factory
from factory.django import DjangoModelFactory

from accounts.milestones.models import Milestone
from loyalty.core.people.rules import Function
from rewards.approvals.models import ApprovalStep
from rewards.campaigns.models import Campaign, CampaignStep
from rewards.campaigns.rules.statuses import CampaignStatus
from rewards.caps.models import Cap
from rewards.catalogue.models import Reward
from rewards.offers.models import Offer
from rewards.offers.terms import OfferTerms, digest_of
from tests.factories.milestones import MilestoneFactory
from tests.factories.records import AccountFactory


class RewardFactory(DjangoModelFactory[Reward]):
    """A service credit of $300.00."""

    class Meta:
        model = Reward

    key = factory.Sequence(lambda n: f"credit-{n}")
    name = "$300 service credit"
    kind = "service_credit"
    owner_function = Function.FINANCE.value
    is_credit = True
    face_value = Decimal("300.00")
    marginal_cost = Decimal("300.00")
    discount_equivalent = Decimal("300.00")


class CampaignFactory(DjangoModelFactory[Campaign]):
    """A live campaign of CS on a milestone (`milestone=`), with a ladder of one reward (`reward=`)."""

    class Meta:
        model = Campaign
        exclude = ("milestone",)
        skip_postgeneration_save = True

    key = factory.Sequence(lambda n: f"campaign-{n}")
    name = factory.Sequence(lambda n: f"Campaign {n}")
    goal = "Habit formation"
    owner_function = Function.CS.value
    milestone = factory.SubFactory(MilestoneFactory)
    trigger_kind = "milestone"
    trigger_parameters = factory.LazyAttribute(lambda c: {"milestone": c.milestone.key})
    holdout_seed = factory.SelfAttribute("key")
    status = CampaignStatus.LIVE.value
    live_since = datetime(2026, 1, 1, tzinfo=UTC)

    @factory.post_generation
    def reward(self: Campaign, create: bool, extracted: Reward | None, **kwargs: Any) -> None:
        CampaignStep.objects.create(campaign=self, position=1, reward=extracted or RewardFactory())


FIRST_REPORT = "first-custom-report"


def run_since(key: str, moment: datetime) -> Campaign:
    """Let a campaign that ships run since a moment, with nobody's approval: every offer of it waits for a decision."""
    Campaign.objects.filter(key=key).update(status=CampaignStatus.LIVE.value, live_since=moment)
    return Campaign.objects.get(key=key)


def milestone_of(campaign: Campaign) -> Milestone:
    """The milestone that sets a campaign off."""
    return Milestone.objects.get(key=campaign.trigger_parameters["milestone"])


def reward_of(campaign: Campaign) -> Reward:
    """The first reward of a campaign's ladder."""
    return campaign.steps.get(position=1).reward


class CapFactory(DjangoModelFactory[Cap]):
    """A hard cap of $1,000.00 a month on the whole programme; nothing is committed yet."""

    class Meta:
        model = Cap

    name = "Programme cap"
    scope = "programme"
    period = "month"
    limit = Decimal("1000.00")


class OfferFactory(DjangoModelFactory[Offer]):
    """An offer in approval: CS decides, then Finance; `functions=[…]` names others."""

    class Meta:
        model = Offer
        skip_postgeneration_save = True

    account = factory.SubFactory(AccountFactory)
    campaign = factory.SubFactory(CampaignFactory)
    campaign_version = 1
    step = 1
    cause_key = factory.LazyAttribute(lambda o: f"milestone:{o.campaign.key}")
    reward = factory.LazyAttribute(lambda o: reward_of(o.campaign))
    reward_name = factory.SelfAttribute("reward.name")
    face_value = factory.SelfAttribute("reward.face_value")
    discount_equivalent = factory.SelfAttribute("reward.discount_equivalent")
    currency = factory.SelfAttribute("reward.currency")
    validity_days = factory.SelfAttribute("reward.validity_days")
    evidence = factory.LazyFunction(
        lambda: {
            "summary": "First custom report generated, 2 Mar 2026",
            "words": ["“Custom Report Generated” for the first time"],
            "facts": [],
            "terms": [],
            "events": [],
        }
    )
    due_at = factory.LazyFunction(lambda: datetime.now(UTC) + timedelta(days=2))

    @factory.lazy_attribute
    def digest(self) -> str:
        return digest_of(
            OfferTerms(
                account_id=self.account.pk,
                campaign_id=self.campaign.pk,
                campaign_version=self.campaign_version,
                cause_key=self.cause_key,
                step=self.step,
                reward_id=self.reward.pk,
                reward_name=self.reward_name,
                face_value=self.face_value,
                discount_equivalent=self.discount_equivalent,
                currency=self.currency,
                validity_days=self.validity_days,
            )
        )

    @factory.post_generation
    def functions(self: Offer, create: bool, extracted: Iterable[Function] | None, **kwargs: Any) -> None:
        order = list(extracted or [Function.CS, Function.FINANCE])
        for position, function in enumerate(order, start=1):
            ApprovalStep.objects.create(
                offer=self, function=function.value, position=position, why="decides", due_at=self.due_at
            )
        self.awaits = [order[0].value]
        self.save(update_fields=["awaits"])
