"""A limited supply: what holds one, and that the last one goes once."""

from functools import partial

import pytest
from django.db import transaction

from rewards.catalogue.supply import supply_left
from rewards.offers.models import Offer
from tests.concurrency import at_once
from tests.factories import AccountFactory, CampaignFactory, OfferFactory, RewardFactory

STATES = [
    ("in_approval", 1), ("approved", 1), ("delivered", 1), ("redeemed", 1),
    ("rejected", 2), ("lapsed", 2), ("declined", 2), ("withdrawn", 2),
]  # fmt: skip


@pytest.mark.django_db
@pytest.mark.parametrize(("state", "left"), STATES)
def test_an_offer_holds_one_until_it_ends_without_a_grant(state: str, left: int) -> None:
    beta, credit = RewardFactory(kind="beta_access", supply_limit=2), RewardFactory()
    OfferFactory(reward=beta, state=state)

    assert supply_left([beta.pk, credit.pk]) == {beta.pk: left}


@pytest.mark.django_db(transaction=True)
def test_the_last_one_is_offered_once() -> None:
    beta = RewardFactory(kind="beta_access", supply_limit=3)
    campaign = CampaignFactory(reward=beta)
    accounts = [AccountFactory() for _ in range(8)]

    def offer(place: int) -> bool:
        with transaction.atomic():
            if not supply_left([beta.pk])[beta.pk]:
                return False
            OfferFactory(reward=beta, campaign=campaign, account=accounts[place])
            return True

    given = at_once([partial(offer, place) for place in range(8)])

    assert sorted(given) == [False] * 5 + [True] * 3
    assert Offer.objects.filter(reward=beta).count() == 3
