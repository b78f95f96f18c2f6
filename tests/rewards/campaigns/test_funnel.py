"""The funnel: each match at its stage, with the reason why it came no further, and the list behind each figure."""

from collections.abc import Callable
from datetime import timedelta
from decimal import Decimal

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from loyalty.core.people.models import User
from loyalty.core.people.rules import Function
from rewards.approvals import verbs as approvals
from rewards.approvals.lapsing import lapse_overdue
from rewards.campaigns.funnel import Reached, funnel, those_at
from rewards.campaigns.models import Campaign, Candidate
from rewards.campaigns.worth import Cost, compared_with_held_out, cost_so_far
from rewards.fit.shipped import ensure_shipped as ensure_fit
from rewards.holdouts.models import HoldoutAssignment
from rewards.ledger.verbs import redeem
from rewards.offers import handing
from rewards.offers.models import Offer
from tests.factories import AccountFactory, CampaignFactory, CapFactory, RewardFactory
from tests.rewards.campaigns.made import evaluate, know, reach

pytestmark = pytest.mark.django_db


def approve(offer: Offer, person: User) -> None:
    approvals.approve(offer.pk, function=Function.CS, digest=offer.digest, acting_user=person)


def through_all_of_it(cs: User) -> Campaign:
    """Ten matches of one campaign, one at each place where a match can be."""
    ensure_fit()
    reward = RewardFactory(kind="renewal_credit", face_value=Decimal("50.00"), discount_equivalent=Decimal("50.00"))
    campaign = CampaignFactory(reward=reward)
    unfit = reach(campaign)
    know(unfit.account, plan_segment="self_serve", billing_frequency="monthly", mrr=Decimal(1000))
    held = reach(campaign)
    HoldoutAssignment.objects.create(campaign=campaign, account=held.account, is_held_out=True, seed="s", percent=10)
    evaluate()
    CapFactory(name="Small cap", limit=Decimal("400.00"), is_hard=True)
    for _ in range(9):
        reach(campaign)
    evaluate()
    waits, rejected, lapsed, approved, delivered, declined, accepted, redeemed = Offer.objects.order_by("id")
    approvals.reject(rejected.pk, function=Function.CS, digest=rejected.digest, note="too soon", acting_user=cs)
    Offer.objects.filter(pk=lapsed.pk).update(due_at=timezone.now() - timedelta(days=1))
    lapse_overdue()
    for offer in (approved, delivered, declined, accepted, redeemed):
        approve(offer, cs)
    for offer in (delivered, declined, accepted):
        handing.deliver(offer.pk, acting_user=cs)
    handing.decline(declined.pk, note="no need", acting_user=cs)
    handing.accept(accepted.pk, acting_user=cs)
    redeem(
        redeemed.account_id, Decimal("20.00"), "USD",
        request="r", invoice="i", booked_on=timezone.now().date(), acting_user=None,
    )  # fmt: skip
    assert waits.state == "in_approval"
    return campaign


def test_every_stage_and_every_drop(cs: User) -> None:
    campaign = through_all_of_it(cs)
    stages = funnel(campaign)
    assert [(s.label, s.count) for s in stages] == [
        ("Matched", 11),
        ("Fit", 10),
        ("Not capped", 9),
        ("Not held out", 8),
        ("Proposed", 8),
        ("Approved", 5),
        ("Delivered", 4),
        ("Accepted", 2),
        ("Redeemed", 1),
    ]
    told = {s.reached: [(d.words, d.count, d.reasons, d.is_waiting) for d in s.drops] for s in stages}
    [(words, count, *_)] = told[Reached.MATCHED]
    assert (words.startswith("Monthly"), count) == (True, 1), words
    assert told[Reached.FIT] == [("The cap “Small cap” had no room", 1, [], False)]
    assert told[Reached.NOT_CAPPED] == [("held out by lot", 1, [], False)]
    assert told[Reached.NOT_HELD_OUT] == []
    assert sorted(told[Reached.PROPOSED]) == [
        ("decided by nobody in time", 1, [], False),
        ("rejected", 1, [("too soon", 1)], False),
        ("still being decided", 1, [], True),
    ]
    assert told[Reached.APPROVED] == [("not delivered yet", 1, [], True)]
    assert sorted(told[Reached.DELIVERED]) == [
        ("declined", 1, [("no need", 1)], False),
        ("without an answer yet", 1, [], True),
    ]
    assert told[Reached.ACCEPTED] == [("not used yet", 1, [], True)]
    assert told[Reached.REDEEMED] == []


def test_each_figure_has_its_list(signed_in_as: Callable[[User], Client], cs: User) -> None:
    campaign = through_all_of_it(cs)
    client, address = signed_in_as(cs), reverse("campaign-matches", args=[campaign.pk])
    page = client.get(reverse("campaign", args=[campaign.pk])).content.decode()
    for stage in funnel(campaign):
        assert f"{address}?{stage.query}" in page
        rows = client.get(f"{address}?{stage.query}").context["page"].rows
        assert len(rows) == stage.count
        for drop in stage.drops:
            rows = client.get(f"{address}?{drop.query}").context["page"].rows
            assert len(rows) == drop.count
    sheet = b"".join(client.get(f"{address}?stage=accepted&format=csv").streaming_content).decode()  # type: ignore[attr-defined]
    assert len(sheet.strip().splitlines()) == 3


def test_a_stage_that_nobody_knows_filters_nothing(cs: User) -> None:
    campaign = CampaignFactory()
    reach(campaign)
    evaluate()
    assert those_at(campaign, "nowhere", "x").count() == Candidate.objects.count() == 1


def test_the_cost_is_what_the_books_say(cs: User) -> None:
    campaign = through_all_of_it(cs)
    # Five credits of $50 were granted, and the declined one went off the books.
    assert cost_so_far(campaign) == Cost(credits=Decimal("200.00"), others=Decimal("0.00"))
    training = RewardFactory(is_credit=False, kind="advanced_training", discount_equivalent=Decimal("20.00"))
    other = CampaignFactory(reward=training)
    for _ in range(2):
        reach(other)
    evaluate()
    kept, declined = Offer.objects.filter(campaign=other)
    for offer in (kept, declined):
        approve(offer, cs)
    handing.deliver(declined.pk, acting_user=cs)
    handing.decline(declined.pk, note="no time", acting_user=cs)
    assert cost_so_far(other).total == Decimal("20.00")


def test_lift_compares_those_who_paid_when_the_lot_was_drawn() -> None:
    campaign = CampaignFactory(holdout_percent=50)
    # (held out, MRR when the lot was drawn, MRR now)
    for is_held_out, before, now in ((False, 9, 9), (False, 9, 0), (False, 0, 9), (True, 9, 9), (True, None, 9)):
        account = AccountFactory()
        know(account, 5, mrr=before)
        know(account, 0, mrr=now)
        lot = HoldoutAssignment.objects.create(
            campaign=campaign, account=account, is_held_out=is_held_out, seed="s", percent=50
        )
        HoldoutAssignment.objects.filter(pk=lot.pk).update(assigned_at=timezone.now() - timedelta(days=3))
    found = compared_with_held_out(campaign)
    assert found is not None
    assert (found.offered.accounts, found.offered.kept) == (2, 1)
    assert (found.held_out.accounts, found.held_out.kept) == (1, 1)
    assert found.lift.why_not == "each group needs at least 10 accounts"


def test_without_a_holdout_there_is_nothing_to_compare() -> None:
    assert compared_with_held_out(CampaignFactory()) is None
