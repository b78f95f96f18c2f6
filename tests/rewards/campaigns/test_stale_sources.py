"""While the source of use is stale nothing is proposed; nothing of it is lost."""

from collections.abc import Callable
from datetime import timedelta

import pytest
from django.test import Client
from django.utils import timezone

from accounts.sources.models import Source
from accounts.sources.rules import Kind
from loyalty.core.people.models import User
from rewards.campaigns.models import Candidate
from rewards.offers.models import Offer
from tests.factories import CampaignFactory, milestone_of
from tests.factories.sources import SourceFactory
from tests.rewards.campaigns.made import evaluate, reach

pytestmark = pytest.mark.django_db
SAID = "Until it is heard again this campaign proposes nothing"


def hear(source: Source, ago: timedelta | None) -> None:
    source.last_received_at = None if ago is None else timezone.now() - ago
    source.save()


@pytest.fixture
def usage_source(db: None) -> Source:
    """Expected once a day."""
    return SourceFactory(name="Product", kinds=[Kind.USAGE])


@pytest.mark.parametrize(
    ("heard", "proposed"),
    [(None, 1), (timedelta(hours=23), 1), (timedelta(hours=25), 0)],
    ids=["never heard", "fresh", "stale"],
)
def test_what_is_proposed(usage_source: Source, heard: timedelta | None, proposed: int) -> None:
    hear(usage_source, heard)
    reach(CampaignFactory())
    assert evaluate() == proposed
    assert (Offer.objects.count(), Candidate.objects.count()) == (proposed, proposed)


def test_what_was_reached_meanwhile_is_proposed_once_it_is_heard_again(usage_source: Source) -> None:
    hear(usage_source, timedelta(days=3))
    campaign = CampaignFactory()
    for _ in range(3):
        reach(campaign)
    assert evaluate() == 0
    hear(usage_source, timedelta(0))
    assert [evaluate(), evaluate()] == [3, 0]
    assert Offer.objects.count() == 3


def test_the_silence_of_other_kinds_stops_nothing(usage_source: Source) -> None:
    hear(usage_source, timedelta(0))
    hear(SourceFactory(name="Helpdesk", kinds=[Kind.SUPPORT]), timedelta(days=90))
    reach(CampaignFactory())
    assert evaluate() == 1


def test_it_is_said_where_it_matters(usage_source: Source, cs: User, signed_in_as: Callable[[User], Client]) -> None:
    campaign, client = CampaignFactory(), signed_in_as(cs)
    account = reach(campaign).account
    pages = {
        f"/campaigns/{campaign.pk}/": SAID,
        f"/milestones/{milestone_of(campaign).pk}/": "is found once it is heard again",
        f"/accounts/{account.pk}/": "What it tells of this account is as old as that",
    }
    for heard, said in ((None, False), (timedelta(hours=1), False), (timedelta(days=2), True)):
        hear(usage_source, heard)
        assert {page: words in client.get(page).content.decode() for page, words in pages.items()} == dict.fromkeys(
            pages, said
        )
