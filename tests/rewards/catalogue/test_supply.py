"""A limited supply: what holds one, what gives it back, and that the last one goes once."""

from datetime import date
from functools import partial

import pytest
from django.db import transaction

from accounts.records.models import Account
from loyalty.core.people.models import User
from rewards.campaigns.models import Campaign
from rewards.catalogue.models import Reward
from rewards.catalogue.queries import line_of
from rewards.catalogue.supply import HOLDING, supply_left
from rewards.offers.handing import decline
from rewards.offers.models import Grant, Offer
from rewards.offers.rules import OfferState
from tests.concurrency import at_once
from tests.factories import AccountFactory, CampaignFactory, OfferFactory, RewardFactory

# Whether an offer in this state holds one of the supply, granted or not.
HOLDS = {
    OfferState.PROPOSED: True,
    OfferState.IN_APPROVAL: True,
    OfferState.APPROVED: True,
    OfferState.DELIVERED: True,
    OfferState.ACCEPTED: True,
    OfferState.REDEEMED: True,
    OfferState.REJECTED: False,
    OfferState.DECLINED: False,
    OfferState.LAPSED: False,
    OfferState.WITHDRAWN: False,
    OfferState.HELD_OUT: False,
}


def test_every_state_is_told() -> None:
    assert set(HOLDS) == set(OfferState)
    assert {state for state, holds in HOLDS.items() if holds} == set(HOLDING)


@pytest.mark.django_db
@pytest.mark.parametrize("granted", [False, True], ids=["not granted", "granted"])
@pytest.mark.parametrize("state", HOLDS)
def test_an_offer_holds_one_until_it_ends(state: OfferState, granted: bool) -> None:
    beta, credit = RewardFactory(kind="beta_access", supply_limit=2), RewardFactory()
    offer = OfferFactory(reward=beta, state=state.value)
    if granted:
        _grant(offer)

    left = 1 if HOLDS[state] else 2
    assert supply_left([beta.pk, credit.pk]) == {beta.pk: left}
    assert (line_of(beta).given, line_of(beta).left) == (int(granted), left)


@pytest.mark.django_db(transaction=True)
def test_the_last_one_is_offered_once() -> None:
    beta = RewardFactory(kind="beta_access", supply_limit=3)
    campaign = CampaignFactory(reward=beta)
    accounts = [AccountFactory() for _ in range(8)]

    given = at_once([partial(_ask, beta, campaign, account) for account in accounts])

    assert sorted(given) == [False] * 5 + [True] * 3
    assert Offer.objects.filter(reward=beta).count() == 3


@pytest.mark.django_db(transaction=True)
def test_what_is_declined_while_others_ask_goes_to_one_of_them_at_most(cs: User) -> None:
    beta = RewardFactory(kind="beta_access", is_credit=False, supply_limit=3)
    campaign = CampaignFactory(reward=beta)
    held = [OfferFactory(reward=beta, campaign=campaign, state="delivered") for _ in range(3)]
    for offer in held:
        _grant(offer)
    accounts = [AccountFactory() for _ in range(6)]

    declines = [partial(decline, offer.pk, note="No need", acting_user=cs) for offer in held]
    results = at_once([*declines, *(partial(_ask, beta, campaign, account) for account in accounts)])

    taken = results[3:].count(True)
    assert {type(result) for result in results[:3]} == {Offer}
    assert Offer.objects.filter(reward=beta, state__in=HOLDING).count() == taken <= 3
    assert supply_left([beta.pk]) == {beta.pk: 3 - taken}


def _ask(reward: Reward, campaign: Campaign, account: Account) -> bool:
    with transaction.atomic():
        if not supply_left([reward.pk])[reward.pk]:
            return False
        OfferFactory(reward=reward, campaign=campaign, account=account)
        return True


def _grant(offer: Offer) -> Grant:
    return Grant.objects.create(
        offer=offer, account=offer.account, face_value=0, currency="USD", expires_on=date(2030, 1, 1)
    )
