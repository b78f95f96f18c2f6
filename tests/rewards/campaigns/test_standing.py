"""The standing approval: what all three functions approved is granted without a person, below every threshold."""

from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from accounts.tiers.models import Tier
from loyalty.core.audit.models import AuditLine
from loyalty.core.changes.models import ChangeRequest
from loyalty.core.changes.registry import measured_impact
from loyalty.core.changes.verbs import approve as approve_change
from loyalty.core.changes.verbs import propose_or_apply
from loyalty.core.errors import DomainError, NotAllowed
from loyalty.core.people.models import User
from loyalty.core.people.rules import Function
from rewards.approvals.queries import standing_approvals_of
from rewards.approvals.required.models import ApprovalRule
from rewards.approvals.required.shipped import ensure_shipped
from rewards.campaigns.ending import has_standing_approval, last_change, stamp_of
from rewards.campaigns.models import Campaign, CampaignApproval, Candidate
from rewards.campaigns.verbs import approve_campaign
from rewards.caps.models import CapPeriod
from rewards.catalogue.models import Reward
from rewards.catalogue.shipped import ensure_shipped as make_rewards
from rewards.catalogue.verbs import create_reward
from rewards.catalogue.verbs import values_of as reward_values
from rewards.ledger.models import Posting
from rewards.ledger.reconciliation import check
from rewards.offers.granting import grant_under_standing_approval
from rewards.offers.models import Grant, Offer
from rewards.perks.verbs import values_of, written_perks_of
from rewards.perks.verbs import write_version as write_perks
from tests.factories import CampaignFactory, CapFactory, PersonFactory, RewardFactory
from tests.rewards.campaigns.made import campaign_on, evaluate, know, reach

pytestmark = pytest.mark.django_db
SMALL: dict[str, Any] = {
    "name": "$50 credit",
    "face_value": Decimal("50.00"),
    "discount_equivalent": Decimal("50.00"),
}
PASS: dict[str, Any] = {
    "name": "Feature pass",
    "kind": "feature_pass",
    "is_credit": False,
    "face_value": Decimal("0.00"),
    "discount_equivalent": Decimal("0.00"),
}


@pytest.fixture(autouse=True)
def _shipped_rules(db: None) -> None:
    ensure_shipped()


def signed(campaign: Campaign, functions: list[Function] | None = None, version: int | None = None) -> Campaign:
    for function in functions or list(Function):
        CampaignApproval.objects.create(
            campaign=campaign,
            version=version or campaign.version,
            function=function.value,
            approved_by=PersonFactory(functions=[function]),
            approved_at=timezone.now(),
        )
    return campaign


def test_it_is_granted_in_the_very_evaluation() -> None:
    CapFactory(limit=Decimal("1000.00"))
    campaign = signed(CampaignFactory(name="First report", reward=RewardFactory(**SMALL)))
    found = reach(campaign)
    evaluate()
    offer = Offer.objects.get()
    assert (offer.state, offer.has_standing_approval, offer.awaits, offer.due_at) == ("approved", True, [], None)
    assert (offer.steps.count(), Candidate.objects.get().outcome) == (0, "proposed")
    grant = Grant.objects.get()
    assert (grant.offer, grant.account, grant.face_value) == (offer, found.account, Decimal("50.00"))
    assert (grant.expires_on - timezone.now().date()).days == offer.validity_days
    period = CapPeriod.objects.get()
    assert (period.reserved, period.spent) == (Decimal("0.00"), Decimal("50.00"))
    assert Posting.objects.get().key == f"issue:grant:{grant.pk}"
    assert check().problems == []
    told = {line.verb: line for line in AuditLine.objects.exclude(verb="created")}
    assert set(told) == {"offer_proposed", "grant_issued", "ledger_posted"}
    assert {line.actor_name for line in told.values()} == {"The programme"}
    assert told["grant_issued"].reason == (
        "Standing approval: all three functions approved version 1 of “First report” before, and the offer is below"
        " every threshold."
    )


def test_it_is_granted_once_whatever_is_repeated() -> None:
    reach(signed(CampaignFactory(reward=RewardFactory(**SMALL))))
    assert [evaluate(), evaluate()] == [1, 0]
    offers = list(Offer.objects.values_list("id", flat=True))
    assert grant_under_standing_approval(offers, now=timezone.now()) == 0
    assert (Grant.objects.count(), Posting.objects.count()) == (1, 1)


def test_many_are_granted_in_as_many_statements_as_one() -> None:
    campaign = signed(CampaignFactory(reward=RewardFactory(**SMALL)))
    counted = []
    for accounts in (1, 11):
        for _ in range(accounts):
            reach(campaign)
        with CaptureQueriesContext(connection) as queries:
            evaluate()
        counted.append(len(queries))
    assert counted[0] == counted[1]
    assert (Grant.objects.count(), Posting.objects.count(), check().problems) == (12, 12, [])


def test_what_is_no_credit_is_granted_without_a_posting() -> None:
    reach(signed(CampaignFactory(reward=RewardFactory(**PASS))))
    evaluate()
    assert (Offer.objects.get().state, Grant.objects.count(), Posting.objects.count()) == ("approved", 1, 0)


@pytest.mark.parametrize(
    ("reward", "owner"),
    [
        ({}, "cs"),
        ({}, "finance"),
        (PASS | {"supply_limit": 50}, "cs"),
        (PASS | {"supply_limit": 50}, "product"),
    ],
    ids=["above the threshold", "Finance's own, above it", "limited supply", "Product's own, limited"],
)
def test_above_a_threshold_a_person_decides(reward: dict[str, Any], owner: str) -> None:
    reach(signed(CampaignFactory(reward=RewardFactory(**reward), owner_function=owner)))
    evaluate()
    offer = Offer.objects.get()
    assert (offer.state, offer.has_standing_approval, offer.awaits) == ("in_approval", False, [owner])
    assert (offer.steps.count() > 0, Grant.objects.count()) == (True, 0)


@pytest.mark.parametrize(("mrr", "outcome"), [("208.33", "approved"), ("208.34", "in_approval")])
def test_a_discount_above_the_threshold_is_for_people(mrr: str, outcome: str) -> None:
    # 10 % of a renewal of twelve months: $250.00, and a cent more.
    terms: dict[str, Any] = {"kind": "discount", "value_basis": "percent_of_renewal", "percent": Decimal("10.00")}
    found = reach(signed(CampaignFactory(reward=RewardFactory(name="10 % discount", is_credit=False, **terms))))
    know(found.account, mrr=Decimal(mrr), contract_months=12, billing_frequency="annual")
    evaluate()
    offer = Offer.objects.get()
    assert (offer.discount_equivalent, offer.state) == (Decimal("250.00" if mrr == "208.33" else "250.01"), outcome)
    people = [] if outcome == "approved" else ["cs", "finance"]
    assert list(offer.steps.values_list("function", flat=True)) == people
    assert Grant.objects.count() == (outcome == "approved")


def test_what_any_rule_of_approval_asks_for_a_person_decides() -> None:
    ApprovalRule.objects.filter(key="first-use").update(is_active=True)
    campaign = signed(CampaignFactory(reward=RewardFactory(**SMALL)))
    reach(campaign)
    evaluate()
    assert (Offer.objects.get().awaits, Grant.objects.count()) == (["cs", "finance"], 0)


def test_over_a_soft_cap_a_person_decides() -> None:
    CapFactory(limit=Decimal("60.00"), is_hard=False)
    campaign = signed(CampaignFactory(reward=RewardFactory(**SMALL)))
    for _ in range(2):
        reach(campaign)
    evaluate()
    assert sorted(Offer.objects.values_list("state", "has_standing_approval")) == [
        ("approved", True),
        ("in_approval", False),
    ]
    period = CapPeriod.objects.get()
    assert (period.reserved, period.spent, Grant.objects.count()) == (Decimal("50.00"), Decimal("50.00"), 1)


@pytest.mark.parametrize("case", ["nobody", "two of three", "an earlier version"])
def test_without_all_three_approvals_of_this_version_a_person_decides(case: str) -> None:
    campaign = CampaignFactory(reward=RewardFactory(**SMALL), version=2)
    if case == "two of three":
        signed(campaign, [Function.CS, Function.FINANCE])
    if case == "an earlier version":
        signed(campaign, version=1)
    reach(campaign)
    evaluate()
    assert (Offer.objects.get().state, Grant.objects.count()) == ("in_approval", 0)


def test_an_edit_of_what_runs_ends_it_until_all_three_approve_again(cs: User) -> None:
    campaign = signed(CampaignFactory(reward=RewardFactory(**SMALL)))
    change = propose_or_apply("campaign", campaign.pk, {"cooldown_days": 30}, "sooner", acting_user=cs)
    assert change is not None
    decider = PersonFactory(functions=[Function.CS])
    approve_change(change.pk, digest=change.digest, acting_user=decider)
    reach(campaign)
    evaluate()
    assert Offer.objects.get().state == "in_approval"

    for wrote_it in (cs, decider):
        with pytest.raises(NotAllowed, match="You wrote this version"):
            approve_campaign(campaign.pk, function=Function.CS, version=2, acting_user=wrote_it)
    for function in Function:
        person = PersonFactory(functions=[function])
        approved = approve_campaign(campaign.pk, function=function, version=2, acting_user=person)
    assert approved.status == "live"
    reach(campaign)
    evaluate()
    assert list(Offer.objects.order_by("id").values_list("state", flat=True)) == ["in_approval", "approved"]


def test_a_credit_that_comes_to_nothing_is_no_offer() -> None:
    reward = RewardFactory(kind="growth_rebate", value_basis="percent_of_growth", percent=Decimal("3.00"))
    found = reach(signed(CampaignFactory(reward=reward)))
    know(found.account, mrr=Decimal(100), arr=Decimal(1200), mrr_year_before=Decimal(100))
    evaluate()
    candidate = Candidate.objects.get()
    assert (candidate.outcome, candidate.rule, Offer.objects.count()) == ("unfit", "worth_nothing", 0)


def test_the_pages_tell_it(signed_in_as: Callable[[User], Client], cs: User) -> None:
    campaign = signed(campaign_on("milestone", parameters={"milestone": "m"}))
    client = signed_in_as(cs)
    assert "carries a standing approval" in client.get(reverse("campaign", args=[campaign.pk])).content.decode()
    Campaign.objects.filter(pk=campaign.pk).update(version=2)
    assert "It carries no standing approval" in client.get(reverse("campaign", args=[campaign.pk])).content.decode()

    reach(signed(CampaignFactory(reward=RewardFactory(**SMALL))))
    evaluate()
    page = client.get(reverse("offer", args=[Offer.objects.get().pk])).content.decode()
    assert "nobody decided this offer by itself" in page
    for approval in Offer.objects.get().campaign.approvals.all():
        assert approval.approved_by.display_name in page


@pytest.fixture
def fifty(finance: User) -> Reward:
    """A live credit of $50.00 as the catalogue writes it, with its first version."""
    terms = {"name": "$50 credit", "face_value": "50.00", "marginal_cost": "50.00", "discount_equivalent": "50.00"}
    reward = create_reward("service_credit", terms, acting_user=finance)
    rewritten(reward, status="live")
    return reward


def rewritten(reward: Reward, **values: Any) -> None:
    propose_or_apply("reward", reward.pk, values, "as Finance wants it", acting_user=finance_colleague())
    for change in ChangeRequest.objects.filter(state="pending"):
        approve_change(change.pk, digest=change.digest, acting_user=finance_colleague())


def finance_colleague() -> User:
    return PersonFactory(functions=[Function.FINANCE])


def happened(campaign: Campaign) -> tuple[str, Decimal]:
    account = reach(campaign).account
    evaluate()
    offer = Offer.objects.get(account=account)
    return offer.state, offer.face_value


DEARER = {"face_value": "240.00", "marginal_cost": "240.00", "discount_equivalent": "240.00"}


@pytest.mark.parametrize(
    ("values", "outcome"),
    [
        (DEARER, ("in_approval", Decimal("240.00"))),
        ({"validity_days": 3000}, ("in_approval", Decimal("50.00"))),
        ({"supply_limit": 500}, ("approved", Decimal("50.00"))),
    ],
    ids=["worth more", "valid longer", "only more of them"],
)
def test_it_is_of_what_the_reward_was(fifty: Reward, values: dict[str, Any], outcome: tuple[str, Decimal]) -> None:
    campaign = signed(CampaignFactory(reward=fifty))
    assert happened(campaign) == ("approved", Decimal("50.00"))
    rewritten(fifty, **values)
    assert happened(campaign) == outcome


def test_a_change_of_a_later_step_of_the_ladder_ends_it_too(fifty: Reward) -> None:
    campaign = signed(campaign_on("milestone", rewards=[RewardFactory(**SMALL), fifty], parameters={"milestone": "m"}))
    assert has_standing_approval(campaign)
    rewritten(fifty, **DEARER)
    assert not has_standing_approval(campaign)


def test_what_the_tier_promises_is_what_was_approved_too(finance: User) -> None:
    gold = written_perks_of(Tier.objects.create(key="gold", name="Gold"))
    make_rewards()
    promise, other = (
        signed(campaign_on("renewal_paid", rewards=[Reward.objects.get(key=key)]))
        for key in ("tier-renewal-credit", "renewal-credit-5")
    )
    kinds = {"kinds": ["priority_support"]}
    write_perks(gold.pk, values_of(gold) | kinds, finance, "More of it")
    assert has_standing_approval(promise)
    write_perks(gold.pk, values_of(gold) | kinds | {"renewal_credit_percent": "9.00"}, finance, "Dearer")
    assert (has_standing_approval(promise), has_standing_approval(other)) == (False, True)


def test_all_three_approve_it_again_and_what_was_granted_keeps_its_story(
    fifty: Reward, signed_in_as: Callable[[User], Client], cs: User
) -> None:
    campaign = signed(CampaignFactory(name="First report", reward=fifty))
    happened(campaign)
    first = Offer.objects.get()
    before = standing_approvals_of(first)
    read = reverse("campaign", args=[campaign.pk])
    client = signed_in_as(cs)
    seen_before = stamp_of(last_change(campaign.pk))
    with pytest.raises(DomainError, match="already"):
        approve_campaign(campaign.pk, function=Function.CS, version=1, acting_user=cs)

    rewritten(fifty, **DEARER)

    page = client.get(read).content.decode()
    assert "It carries no standing approval any more" in page
    assert "face value $240.00 instead of $50.00" in page
    assert page.count("approved before by") == 3
    form = {"function": "cs", "version": 1, "rewards": seen_before}
    assert client.post(reverse("campaign-approve", args=[campaign.pk]), form).status_code == 409
    assert CampaignApproval.objects.filter(ended_at=None).count() == 3
    form["rewards"] = stamp_of(last_change(campaign.pk))
    assert client.post(reverse("campaign-approve", args=[campaign.pk]), form)["Location"] == read
    assert "face value $240.00 instead of $50.00" in client.get(read).content.decode()
    for function in (Function.FINANCE, Function.PRODUCT):
        assert not has_standing_approval(campaign)
        person = PersonFactory(functions=[function])
        assert approve_campaign(campaign.pk, function=function, version=1, acting_user=person).status == "live"
    assert has_standing_approval(campaign)
    assert "carries a standing approval" in client.get(read).content.decode()
    assert happened(campaign) == ("approved", Decimal("240.00"))
    assert standing_approvals_of(Offer.objects.get(pk=first.pk)) == before
    assert len({a.pk for a in [*standing_approvals_of(Offer.objects.first()), *before]}) == 6


def test_what_is_not_launched_yet_is_approved_again_and_no_half_of_it_counts(fifty: Reward, cs: User) -> None:
    campaign = CampaignFactory(reward=fifty, status="modelled", live_since=None)
    signed(campaign, [Function.FINANCE, Function.PRODUCT])
    rewritten(fifty, **DEARER)
    assert approve_campaign(campaign.pk, function=Function.CS, version=1, acting_user=cs).status == "modelled"
    for function in (Function.FINANCE, Function.PRODUCT):
        person = PersonFactory(functions=[function])
        campaign = approve_campaign(campaign.pk, function=function, version=1, acting_user=person)
    assert campaign.status == "approved"
    rewritten(fifty, validity_days=10)
    assert approve_campaign(campaign.pk, function=Function.CS, version=1, acting_user=cs).status == "approved"


def test_who_decides_a_change_of_a_reward_reads_what_it_ends(fifty: Reward) -> None:
    signed(CampaignFactory(name="First report", reward=fifty))
    told = "The standing approval of “First report” ends until all three functions approve again."
    assert told in measured_impact("reward", fifty.pk, reward_values(fifty) | DEARER)
    assert told not in measured_impact("reward", fifty.pk, reward_values(fifty) | {"supply_limit": 9})
