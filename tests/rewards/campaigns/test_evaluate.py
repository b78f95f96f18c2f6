"""From a reached milestone to an offer: once, with evidence, steps, room and an audit line."""

from datetime import UTC, datetime
from decimal import Decimal
from functools import partial
from typing import Any

import pytest

from accounts.milestones.models import MilestoneReach
from loyalty.core.audit.models import AuditLine
from loyalty.core.audit.rules import AuditVerb
from loyalty.core.people.rules import Function
from rewards.approvals.models import ApprovalSettings
from rewards.campaigns.models import Campaign, Candidate
from rewards.campaigns.proposing import evaluate
from rewards.caps.models import CapEntry, CapPeriod
from rewards.offers.models import Offer
from tests.concurrency import at_once
from tests.factories import (
    AccountFactory,
    CampaignFactory,
    CapFactory,
    ContactFactory,
    EventFactory,
    RewardFactory,
    milestone_of,
)

pytestmark = pytest.mark.django_db
REACHED_AT = datetime(2026, 11, 14, 9, 5, tzinfo=UTC)


def reach(campaign: Campaign, **changes: Any) -> MilestoneReach:
    account = changes.pop("account", None) or AccountFactory()
    usual = {"version": 1, "count": 1, "reached_at": REACHED_AT, "fires": True}
    event = EventFactory(account=account, occurred_at=REACHED_AT)
    return MilestoneReach.objects.create(
        milestone=milestone_of(campaign), account=account, event=event, **(usual | changes)
    )


def test_a_match_becomes_an_offer_with_its_steps() -> None:
    campaign = CampaignFactory()
    found = reach(campaign)
    champion = ContactFactory(account=found.account, role="champion", consents=True)
    assert evaluate() == 1
    offer = Offer.objects.get()
    assert (offer.account, offer.campaign, offer.contact) == (found.account, campaign, champion)
    assert (offer.state, offer.next_function, offer.discount_equivalent) == ("in_approval", "cs", Decimal("300.00"))
    assert list(offer.steps.values_list("function", "state")) == [("cs", "waiting"), ("finance", "waiting")]
    assert offer.evidence["words"][0].startswith("“Custom Report Generated” for the first time, on 14 Nov 2026")
    line = AuditLine.objects.get(verb=AuditVerb.OFFER_PROPOSED.value)
    assert (line.actor, line.actor_name, line.object_id) == (None, "The programme", str(offer.pk))


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
def test_only_live_campaigns_propose(status: str) -> None:
    reach(CampaignFactory(status=status))
    assert evaluate() == 0


def test_the_hard_cap_stops_what_has_no_room_and_says_so() -> None:
    CapFactory(limit=Decimal("700.00"))
    campaign = CampaignFactory()
    for _ in range(3):
        reach(campaign)
    assert evaluate() == 3
    assert Offer.objects.count() == 2
    assert CapPeriod.objects.get().reserved == Decimal("600.00")
    capped = Candidate.objects.get(outcome="capped")
    assert capped.offer is None
    assert "Programme cap" in capped.reason
    assert "$100.00" in capped.reason


def test_a_soft_cap_lets_it_through_and_asks_finance() -> None:
    CapFactory(name="Workshop budget", limit=Decimal("50.00"), is_hard=False)
    reach(CampaignFactory(reward=RewardFactory(discount_equivalent=Decimal("100.00"))))
    evaluate()
    steps = Offer.objects.get().steps.values_list("function", "why")
    assert list(steps)[1] == (Function.FINANCE.value, "the soft cap “Workshop budget” would be exceeded")


def test_the_finance_threshold_is_data() -> None:
    ApprovalSettings.objects.create(pk=1, finance_threshold=Decimal("300.00"))
    reach(CampaignFactory())
    evaluate()
    assert list(Offer.objects.get().steps.values_list("function", flat=True)) == ["cs"]


def test_more_matches_than_one_batch() -> None:
    campaign = CampaignFactory()
    for _ in range(5):
        reach(campaign)
    assert [evaluate(2), evaluate(2), evaluate(2), evaluate(2)] == [2, 2, 1, 0]
    assert Offer.objects.count() == 5


@pytest.mark.django_db(transaction=True)
def test_four_workers_at_once_propose_each_match_once() -> None:
    CapFactory(limit=Decimal("100000.00"))
    campaign = CampaignFactory()
    for _ in range(30):
        reach(campaign)
    results = at_once([partial(evaluate, 10)] * 4)
    assert all(isinstance(r, int) for r in results)
    while evaluate(10):
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
    assert {"name": "Addressed to", "value": "no contact: no champion consents"} in offer.evidence["terms"]
