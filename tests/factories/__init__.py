"""One factory per noun, one file per room."""

from tests.factories.milestones import MilestoneFactory
from tests.factories.people import PersonFactory
from tests.factories.records import AccountFactory, ContactFactory, SubscriptionFactory, SubscriptionTermFactory
from tests.factories.rewards import (
    FIRST_REPORT,
    CampaignFactory,
    CapFactory,
    OfferFactory,
    RewardFactory,
    milestone_of,
    reward_of,
    run_since,
)
from tests.factories.segments import SegmentFactory
from tests.factories.sources import SourceFactory
from tests.factories.streaks import streak_factory
from tests.factories.usage import EventFactory

__all__ = [
    "FIRST_REPORT",
    "AccountFactory",
    "CampaignFactory",
    "CapFactory",
    "ContactFactory",
    "EventFactory",
    "MilestoneFactory",
    "OfferFactory",
    "PersonFactory",
    "RewardFactory",
    "SegmentFactory",
    "SourceFactory",
    "SubscriptionFactory",
    "SubscriptionTermFactory",
    "milestone_of",
    "reward_of",
    "run_since",
    "streak_factory",
]
