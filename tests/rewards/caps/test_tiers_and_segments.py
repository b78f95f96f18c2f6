"""Caps on a tier or a primary segment: the facts of the account on the day of asking decide."""

from collections.abc import Callable
from dataclasses import astuple
from datetime import timedelta
from decimal import Decimal

import pytest
from django.db import connection
from django.test import Client
from django.utils import timezone

from accounts.records.models import Account
from accounts.tiers.models import Tier
from loyalty.core.people.models import User
from loyalty.core.people.rules import Function
from loyalty.core.periods import month_of
from rewards.campaigns.models import Candidate
from rewards.caps.askers import askers_of
from rewards.caps.asking import asking
from rewards.caps.models import Cap, CapPeriod
from rewards.caps.rules import CapPeriodKind, CapScope, ReserveRequest, targets
from rewards.caps.setting import NewCap, create_cap
from rewards.caps.verbs import release
from rewards.offers.models import Offer
from rewards.offers.reopening import reopen
from tests.factories import AccountFactory, CampaignFactory, CapFactory, OfferFactory, PersonFactory
from tests.rewards.campaigns.made import evaluate, know, reach

pytestmark = pytest.mark.django_db
SignIn = Callable[[User], Client]


def facts(account: Account, days_ago: int, tier: str | None, segment: str | None) -> None:
    know(account, days_ago, tier=tier, primary_segment=segment)


def test_the_database_names_the_same_targets() -> None:
    asked = ReserveRequest(1, 2, 3, "cs", "badge", Decimal(5), timezone.now().date(), 4, True, "gold", "loyal")
    with connection.cursor() as cursor:
        cursor.execute("SELECT scope, scope_key FROM cap_targets(2, 3, 'cs', 'badge', 4, 'gold', 'loyal')")
        assert set(cursor.fetchall()) == {(scope.value, key) for scope, key in targets(asked)}


def test_the_newest_facts_up_to_the_day_decide() -> None:
    account, today = AccountFactory(), timezone.now().date()
    assert astuple(askers_of([account.pk], today)[account.pk]) == ("", "", None)
    facts(account, 40, "bronze", "new")
    assert astuple(askers_of([account.pk], today)[account.pk]) == ("", "", None)
    facts(account, 20, "silver", "loyal")
    facts(account, 3, "gold", None)
    assert astuple(askers_of([account.pk], today)[account.pk]) == ("gold", "", None)
    assert astuple(askers_of([account.pk], today - timedelta(days=4))[account.pk]) == ("silver", "loyal", None)


def test_an_offer_takes_the_room_of_its_tier_and_segment() -> None:
    gold, loyal = CampaignFactory(), CampaignFactory()
    first, second = reach(gold).account, reach(loyal).account
    today = timezone.now().date()
    facts(first, 0, "gold", "new")
    facts(second, 0, "silver", "loyal")
    CapFactory(name="Gold", scope="tier", scope_key="gold", limit=Decimal(300))
    CapFactory(name="Loyal", scope="segment", scope_key="loyal", limit=Decimal(100))
    assert evaluate() == 2
    offer = Offer.objects.get()
    assert offer.account == first
    refused = Candidate.objects.get(outcome="capped")
    assert (refused.account, refused.rule) == (second, "cap:Loyal")
    assert dict(CapPeriod.objects.values_list("cap__name", "reserved")) == {"Gold": Decimal(300), "Loyal": Decimal(0)}
    # A rejection that is taken back asks again, by the facts of the day of the offer.
    release(offer.pk)
    Offer.objects.filter(pk=offer.pk).update(state="rejected")
    facts(first, 0, "gold", "loyal")
    offer.refresh_from_db()
    refused = reopen([offer], now=timezone.now())
    assert "The cap “Loyal” has $100.00 left" in str(refused[offer.pk])
    found = asking(Cap.objects.get(name="Gold"), Decimal(0), month_of(today), today, most_days=9)
    assert found is not None
    assert [(c.campaign_id, c.offers) for c in found.campaigns] == [(gold.pk, 1)]


def test_a_new_cap_on_a_tier_counts_in_by_the_day_of_each_offer(signed_in_as: SignIn) -> None:
    now, before = OfferFactory(), OfferFactory()
    OfferFactory()
    facts(now.account, 0, "gold", None)
    facts(before.account, 1, "gold", None)
    facts(before.account, 0, None, None)
    Tier.objects.create(key="gold", name="Gold")
    finance = PersonFactory(functions=[Function.FINANCE])
    terms = NewCap("Gold", CapScope.TIER, "gold", CapPeriodKind.TOTAL, Decimal(900), True)
    cap = create_cap(terms, acting_user=finance)
    assert list(cap.periods.values_list("reserved", flat=True)) == [now.discount_equivalent]
    client = signed_in_as(finance)
    assert "Accounts of the tier “Gold”" in client.get("/caps/").content.decode()
    page = client.get("/caps/new/?scope=tier").content.decode()
    assert '<option value="gold">Gold</option>' in page
    assert "by the tier that its account has on the day of the offer" in page
