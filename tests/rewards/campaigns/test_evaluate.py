"""From a match to an offer: once, with evidence, steps, room and an audit line."""

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from functools import partial
from typing import Any

import pytest
from django.utils import timezone

from loyalty.core.audit.models import AuditLine
from loyalty.core.audit.rules import AuditVerb
from loyalty.core.people.rules import Function
from rewards.approvals.queries import evidence_of
from rewards.approvals.required.models import ApprovalRule
from rewards.approvals.required.shipped import ensure_shipped
from rewards.campaigns.evaluating import evaluate_due, evaluate_range, follow
from rewards.campaigns.models import Candidate, EvaluationDue
from rewards.caps.models import CapEntry, CapPeriod
from rewards.offers.models import Offer
from rewards.offers.terms import OfferTerms, digest_of
from rewards.rates.models import UnitRate
from tests.concurrency import at_once
from tests.factories import AccountFactory, CampaignFactory, CapFactory, ContactFactory, RewardFactory
from tests.rewards.campaigns.made import evaluate, reach

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _shipped_rules(db: None) -> None:
    ensure_shipped()


def test_a_match_becomes_an_offer_with_its_steps() -> None:
    campaign = CampaignFactory(name="First report")
    found = reach(campaign)
    champion = ContactFactory(account=found.account, role="champion", consents=True)
    buyer = ContactFactory(account=found.account, role="economic_buyer", consents=True)
    assert evaluate() == 1
    offer = Offer.objects.get()
    assert (offer.account, offer.campaign, offer.contact, offer.informed) == (found.account, campaign, champion, buyer)
    assert (offer.state, offer.awaits, offer.discount_equivalent) == ("in_approval", ["cs"], Decimal("300.00"))
    assert list(offer.steps.values_list("function", "state", "why")) == [
        ("cs", "waiting", "owns the campaign “First report”"),
        ("finance", "waiting", "$300.00 is above the Finance threshold of $250.00"),
    ]
    assert evidence_of(offer)["words"][0].startswith("“Custom Report Generated” for the first time, on ")
    line = AuditLine.objects.get(verb=AuditVerb.OFFER_PROPOSED.value)
    assert (line.actor, line.actor_name, line.object_id) == (None, "The programme", str(offer.pk))
    assert line.object_label == str(offer)
    assert line.after == {"value": "$300.00", "terms": offer.digest}
    candidate = Candidate.objects.get()
    assert (candidate.offer, candidate.outcome, candidate.step) == (offer, "proposed", 1)
    assert candidate.caused_on == found.reached_at.date()


def test_points_count_at_their_rate_and_without_one_are_not_offered() -> None:
    points = {"kind": "points", "currency": "PTS", "marginal_cost": 0, "discount_equivalent": 0}
    reach(CampaignFactory(reward=RewardFactory(name="500 points", face_value=Decimal(500), **points)))
    assert evaluate() == 1
    candidate = Candidate.objects.get()
    assert (candidate.outcome, candidate.rule) == ("unfit", "unknown_value")
    assert "Finance has decided no rate of them yet" in candidate.reason
    UnitRate.objects.create(
        unit="PTS", reporting="USD", effective_on=date(2026, 1, 1), per_unit=Decimal("0.011"), source="Test"
    )
    assert evaluate() == 1
    offer = Offer.objects.get()
    assert (offer.face_value, offer.currency, offer.discount_equivalent) == (500, "PTS", Decimal("5.50"))
    assert AuditLine.objects.get(verb=AuditVerb.OFFER_PROPOSED.value).after["value"] == "$5.50"
    assert offer.digest == digest_of(offer.terms)


def test_the_digest_is_that_of_the_terms() -> None:
    reach(CampaignFactory(reward=RewardFactory(name='A “quoted" \\ credit\n\t – Ω')))
    evaluate()
    offer = Offer.objects.get()
    terms = OfferTerms(
        account_id=offer.account_id,
        campaign_id=offer.campaign_id,
        campaign_version=offer.campaign_version,
        cause_key=offer.cause_key,
        step=offer.step,
        reward_id=offer.reward_id,
        reward_name=offer.reward_name,
        face_value=offer.face_value,
        discount_equivalent=offer.discount_equivalent,
        currency=offer.currency,
        validity_days=offer.validity_days,
    )
    assert offer.digest == digest_of(terms)


def test_evaluating_again_proposes_nothing_more() -> None:
    reach(CampaignFactory())
    assert [evaluate(), evaluate(), evaluate()] == [1, 0, 0]
    assert Offer.objects.count() == 1


@pytest.mark.parametrize(
    "case",
    [{"fires": False}, {"reached_at": datetime(2025, 12, 31, tzinfo=UTC)}],
    ids=["a reach that does not fire", "reached before the campaign was live"],
)
def test_what_must_not_fire(case: dict[str, Any]) -> None:
    reach(CampaignFactory(), **case)
    assert evaluate() == 0
    assert (Offer.objects.count(), Candidate.objects.count()) == (0, 0)


@pytest.mark.parametrize("status", ["draft", "modelled", "approved", "paused", "retired"])
def test_only_what_runs_proposes(status: str) -> None:
    reach(CampaignFactory(status=status))
    assert evaluate() == 0


def test_a_retired_reward_is_not_offered_any_more() -> None:
    reach(CampaignFactory(reward=RewardFactory(status="retired")))
    assert (evaluate(), Candidate.objects.count()) == (0, 0)


def test_the_hard_cap_stops_what_has_no_room_and_says_so() -> None:
    CapFactory(limit=Decimal("700.00"))
    campaign = CampaignFactory()
    for _ in range(3):
        reach(campaign)
    assert evaluate() == 3
    assert Offer.objects.count() == 2
    assert CapPeriod.objects.get().reserved == Decimal("600.00")
    capped = Candidate.objects.get(outcome="capped")
    assert (capped.offer, capped.rule) == (None, "cap:Programme cap")
    assert capped.reason.startswith("The cap “Programme cap” has $100.00 left of $700.00 until ")
    assert capped.reason.endswith("; this needs $300.00.")


def test_a_soft_cap_lets_it_through_and_asks_finance() -> None:
    CapFactory(name="Workshop budget", limit=Decimal("50.00"), is_hard=False)
    reach(CampaignFactory(reward=RewardFactory(discount_equivalent=Decimal("100.00"))))
    evaluate()
    steps = Offer.objects.get().steps.values_list("function", "why")
    assert list(steps)[1] == (Function.FINANCE.value, "the soft cap “Workshop budget” would be exceeded")


def test_the_finance_threshold_is_data() -> None:
    ApprovalRule.objects.filter(key="money-threshold").update(above_value=Decimal("300.00"))
    reach(CampaignFactory())
    evaluate()
    assert list(Offer.objects.get().steps.values_list("function", flat=True)) == ["cs"]


def test_product_approves_a_feature_of_limited_supply() -> None:
    limited = RewardFactory(kind="beta_access", is_credit=False, supply_limit=50)
    reach(CampaignFactory(reward=limited))
    evaluate()
    assert list(Offer.objects.get().steps.values_list("function", flat=True)) == ["cs", "product"]


def test_no_more_than_the_supply_is_offered() -> None:
    campaign = CampaignFactory(reward=RewardFactory(kind="beta_access", name="Beta", is_credit=False, supply_limit=2))
    for _ in range(3):
        reach(campaign)
    evaluate()
    assert Offer.objects.count() == 2
    assert Candidate.objects.get(outcome="capped").reason == "The supply of “Beta” is used up."


@pytest.mark.parametrize(
    ("changes", "offers"),
    [({"most_accounts": 2}, 2), ({"status": "pilot"}, 4), ({"status": "pilot", "most_accounts": 3}, 3)],
    ids=["limited", "a pilot is of thirty", "a smaller pilot"],
)
def test_a_limit_of_accounts_holds(changes: dict[str, Any], offers: int) -> None:
    campaign = CampaignFactory(**changes)
    for _ in range(4):
        reach(campaign)
    evaluate()
    assert Offer.objects.count() == offers
    reasons = set(Candidate.objects.filter(outcome="capped").values_list("reason", flat=True))
    most = changes.get("most_accounts")
    assert reasons == ({f"The campaign makes offers to at most {most} accounts."} if offers < 4 else set())


def test_who_is_held_out_gets_nothing_and_stays_held_out() -> None:
    campaign = CampaignFactory(holdout_percent=50, holdout_seed="spring")
    for _ in range(40):
        reach(campaign)
    assert evaluate() == 40
    held = set(Candidate.objects.filter(outcome="held_out").values_list("account", flat=True))
    treated = set(Offer.objects.values_list("account", flat=True))
    assert len(held) + len(treated) == 40
    assert 8 <= len(held) <= 32
    assert not held & treated
    assert set(campaign.assignments.filter(is_held_out=True).values_list("account", flat=True)) == held
    type(campaign).objects.update(holdout_percent=0)
    campaign.assignments.filter(is_held_out=False)
    Candidate.objects.filter(outcome="held_out").delete()
    evaluate()
    assert set(Candidate.objects.filter(outcome="held_out").values_list("account", flat=True)) == held


def test_a_mark_is_served_once_and_goes_with_what_it_led_to() -> None:
    found = reach(CampaignFactory())
    today = timezone.now().date()
    follow({found.account_id: today, AccountFactory().pk: today}, today)
    assert [evaluate_due(), evaluate_due()] == [1, None]
    assert (Offer.objects.count(), EvaluationDue.objects.count()) == (1, 0)


@pytest.mark.django_db(transaction=True)
def test_four_workers_at_once_propose_each_match_once() -> None:
    CapFactory(limit=Decimal("100000.00"))
    campaign = CampaignFactory()
    reaches = [reach(campaign) for _ in range(30)]
    ids = sorted(found.account_id for found in reaches)
    today = timezone.now().date()
    for _ in range(2):
        follow(dict.fromkeys(ids, today), today)
    sweeps = [partial(evaluate_range, ids[0], ids[-1])] * 2
    results = at_once([*sweeps, partial(evaluate_due, 10), partial(evaluate_due, 20)])
    assert [r for r in results if isinstance(r, Exception)] == []
    while evaluate_due(10) is not None:
        pass
    assert Offer.objects.values("account").distinct().count() == Offer.objects.count() == 30
    assert CapPeriod.objects.get().reserved == Decimal("9000.00")
    assert CapEntry.objects.count() == 30


@pytest.mark.parametrize("consents", [None, False], ids=["never asked", "withdrawn"])
def test_no_offer_is_addressed_to_a_champion_who_does_not_consent(consents: bool | None) -> None:
    found = reach(CampaignFactory())
    ContactFactory(account=found.account, role="champion", consents=consents)
    assert evaluate() == 1
    offer = Offer.objects.get()
    assert offer.contact is None
    assert {"name": "Addressed to", "value": "no contact: nobody who consents"} in evidence_of(offer)["terms"]


def test_a_contract_offer_goes_to_the_buyer_and_the_champion_is_informed() -> None:
    found = reach(CampaignFactory(recipient="economic_buyer"))
    champion = ContactFactory(account=found.account, role="champion", consents=True)
    later = ContactFactory(account=found.account, role="economic_buyer", consents=True)
    ContactFactory(account=found.account, role="economic_buyer", consents=True)
    evaluate()
    offer = Offer.objects.get()
    assert (offer.contact, offer.informed) == (later, champion)
    assert {"name": "Addressed to", "value": "the economic buyer"} in evidence_of(offer)["terms"]


def test_a_dated_fact_waits_for_a_while_but_not_for_ever() -> None:
    campaign = CampaignFactory()
    reach(campaign, reached_at=timezone.now() - timedelta(days=29))
    reach(campaign, reached_at=timezone.now() - timedelta(days=31))
    assert evaluate() == 1
