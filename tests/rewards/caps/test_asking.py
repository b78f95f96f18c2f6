"""What live campaigns will ask of a cap, by what they asked for of late: worked out by hand."""

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import pytest
import time_machine
from django.test import Client

from loyalty.core.people.models import User
from loyalty.core.periods import month_of
from rewards.campaigns.models import Campaign, Candidate
from rewards.caps.asking import asking
from rewards.caps.models import Cap
from rewards.offers.models import Offer
from tests.factories import AccountFactory, CampaignFactory, CapFactory, OfferFactory

pytestmark = pytest.mark.django_db
SignIn = Callable[[User], Client]
TODAY = date(2026, 11, 20)
NOW = datetime(2026, 11, 20, 10, tzinfo=UTC)


@pytest.fixture(autouse=True)
def _in_november() -> object:
    with time_machine.travel(NOW, tick=False):
        yield


def offered(campaign: Campaign, days_ago: int, amount: int = 300, **of: object) -> Offer:
    offer: Offer = OfferFactory(campaign=campaign, discount_equivalent=Decimal(amount), **of)
    Offer.objects.filter(pk=offer.pk).update(proposed_at=NOW - timedelta(days=days_ago))
    return offer


def refused(campaign: Campaign) -> None:
    Candidate.objects.create(
        campaign=campaign, account=AccountFactory(), cause_key="c", caused_on=TODAY, outcome="capped", rule="cap:All"
    )


def ahead(cap: Cap, room: int) -> tuple[Decimal, Decimal, date | None]:
    found = asking(cap, Decimal(room), month_of(TODAY), TODAY, most_days=30)
    assert found is not None
    return found.expected, found.short, found.gone_on


def test_the_pace_of_each_campaign_carries_on_until_the_period_ends() -> None:
    young = CampaignFactory(name="Young", live_since=NOW - timedelta(days=9))
    old = CampaignFactory(name="Old", live_since=NOW - timedelta(days=400))
    paused = CampaignFactory(status="paused")
    for days_ago in (0, 5):
        offered(young, days_ago)
    refused(young)  # it asked for $300 as well
    offered(old, 89, 900)
    offered(old, 90, 5000)  # too long ago
    offered(paused, 1)
    found = asking(CapFactory(), Decimal(1000), month_of(TODAY), TODAY, most_days=11)
    assert found is not None
    # Ten days are left of November: $900 in 10 days, and $900 in 90.
    told = [(c.name, c.days, c.offers, c.refused, c.asked, c.expected) for c in found.campaigns]
    assert told == [("Young", 10, 2, 1, 900, 900), ("Old", 90, 1, 0, 900, 100)]
    assert (found.expected, found.short, found.gone_on) == (Decimal(1000), 0, None)


def test_it_says_when_the_room_is_gone_and_what_is_short() -> None:
    offered(CampaignFactory(live_since=NOW - timedelta(days=9)), 0, 1000)
    assert ahead(CapFactory(), 250) == (Decimal(1000), Decimal(750), date(2026, 11, 23))
    assert ahead(Cap.objects.get(), 0) == (Decimal(1000), Decimal(1000), TODAY)
    assert ahead(Cap.objects.get(), 1000) == (Decimal(1000), Decimal(0), None)


def test_only_what_the_cap_binds_asks_of_it() -> None:
    mine, other = (CampaignFactory(live_since=NOW - timedelta(days=9)) for _ in range(2))
    offered(mine, 0, 100)
    offer = offered(other, 0, 700)
    refused(other)
    assert ahead(CapFactory(scope="campaign", scope_key=str(mine.pk)), 0)[0] == Decimal(100)
    assert ahead(CapFactory(scope="account", scope_key=str(offer.account_id)), 0)[0] == Decimal(700)
    assert ahead(CapFactory(scope="function", scope_key="cs"), 0)[0] == Decimal(1100)
    assert (
        asking(CapFactory(scope="reward_kind", scope_key="badge"), Decimal(0), month_of(TODAY), TODAY, most_days=9)
        is None
    )


def test_the_page_of_a_cap_tells_it(finance: User, signed_in_as: SignIn) -> None:
    offered(CampaignFactory(name="Northern", live_since=NOW - timedelta(days=9)), 0, 1500)
    cap = CapFactory(limit=Decimal(1000))
    page = " ".join(signed_in_as(finance).get(f"/caps/{cap.pk}/").content.decode().split())
    assert "they will ask for about $1,500.00 until" in page
    assert "with $1,000.00 left." in page
    assert "$500.00 will be refused" in page
    assert (
        "What live campaigns will ask for"
        not in signed_in_as(finance).get(f"/caps/{cap.pk}/?period=2026-01-01").content.decode()
    )
