"""The impact of a campaign's terms, measured by the triggers and audiences that run live."""

from collections.abc import Callable
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from accounts.conditions.queries import vocabulary
from accounts.facts.models import AccountFacts
from loyalty.core.changes.verbs import propose_or_apply
from loyalty.core.people.models import User
from rewards.campaigns import measuring
from rewards.campaigns.lastyear import causes_of_last_year, draft_of
from rewards.campaigns.measuring import BOUND, Year, impact_in_words, measure
from rewards.campaigns.models import Campaign, Candidate
from rewards.campaigns.rules.spacing import spaced
from rewards.campaigns.verbs import values_of
from tests.factories import AccountFactory, CampaignFactory, RewardFactory
from tests.rewards.campaigns.made import ago, campaign_on, evaluate, history, know, reach

pytestmark = pytest.mark.django_db
MID_MARKET = {"op": "in", "fact": "plan_segment", "values": ["mid_market"]}


def changed(campaign: Campaign, **values: Any) -> dict[str, Any]:
    return values_of(campaign) | values


def days_ago(days: int) -> datetime:
    return timezone.now() - timedelta(days=days)


def test_a_condition_counts_whom_it_adds_and_drops_and_each_time_it_became_true() -> None:
    campaign = campaign_on("seat_utilisation", parameters={"percent": 90}, cooldown_days=7)
    full, nearly, on_and_off = AccountFactory(name="Full"), AccountFactory(name="Nearly"), AccountFactory(name="On off")
    history(full, "seat_utilisation", "0.5", "0.95", "0.97")
    history(nearly, "seat_utilisation", "0.5", "0.5", "0.85")
    # Became true 12, 8 and 2 days ago: the second is within the quiet time of the first.
    history(
        on_and_off, "seat_utilisation", *["0.5", "0.9", "0.5", "0.5", "0.5"], "0.9", *["0.5"] * 5, "0.9", "0.5", "0"
    )
    assert impact_in_words(
        values_of(campaign), changed(campaign, trigger={"kind": "seat_utilisation", "percent": 80})
    ) == [
        "Its condition holds now for 2 accounts of its audience, instead of 1.",
        "It adds 1 account: Nearly.",
        "Over the last 365 days it would have made 4 offers worth $1,200.00 instead of 3 offers worth $900.00:"
        " $300.00 more.",
        BOUND,
    ]


def test_dated_facts_count_also_where_they_were_known_too_late_to_fire() -> None:
    campaign = CampaignFactory()
    for days, segment in ((300, "mid_market"), (20, "mid_market"), (20, "enterprise"), (400, "mid_market")):
        found = reach(
            campaign, reached_at=days_ago(days), fires=False, account=AccountFactory(name=f"{segment} {days}")
        )
        know(found.account, days, plan_segment=segment)
        know(found.account, 0, plan_segment=segment)
    assert impact_in_words(values_of(campaign), changed(campaign, audience=MID_MARKET)) == [
        "2 accounts set it off in the last 365 days and are of its audience now, instead of 3.",
        "It drops 1 account: enterprise 20.",
        "Over the last 365 days it would have made 2 offers worth $600.00 instead of 3 offers worth $900.00:"
        " $300.00 less.",
        BOUND,
    ]


def test_the_audience_is_that_of_the_day_of_the_cause() -> None:
    campaign = CampaignFactory(audience=MID_MARKET)
    found = reach(campaign, reached_at=days_ago(30))
    know(found.account, 30, plan_segment="mid_market")
    know(found.account, 0, plan_segment="enterprise")
    measured = measure(values_of(campaign), changed(campaign, audience={}))
    assert measured.before is not None
    assert (measured.before.offers, measured.after.offers) == (1, 1)
    assert (measured.moved.before, measured.moved.after) == (0, 1)


def test_a_dearer_reward_costs_more_for_the_same_accounts() -> None:
    campaign = CampaignFactory()
    know(reach(campaign).account, 1)
    dear = RewardFactory(name="$500 credit", face_value=Decimal(500), discount_equivalent=Decimal(500))
    assert impact_in_words(values_of(campaign), changed(campaign, ladder=[{"reward": dear.key, "wait_days": 0}])) == [
        "It adds and drops nobody: 1 account set it off in the last 365 days and is of its audience now, as before.",
        "Over the last 365 days it would have made 1 offer worth $500.00 instead of 1 offer worth $300.00:"
        " $200.00 more.",
        BOUND,
    ]


def test_what_is_worth_an_unknown_amount_is_not_offered() -> None:
    share = RewardFactory(value_basis="percent_of_mrr", percent=Decimal("50.00"), is_credit=True)
    campaign = CampaignFactory(reward=share)
    know(reach(campaign).account, 1, mrr=Decimal(1000))
    know(reach(campaign).account, 1, mrr=None)
    assert measure(None, values_of(campaign)).after == Year(1, Decimal("500.00"))


def test_what_measures_a_year_is_what_runs_live() -> None:
    """Whatever the campaign proposes now, the measure counts on the same day; and what is over by now as well."""
    running = campaign_on("seat_utilisation", parameters={"percent": 90}, live_since=days_ago(3))
    for values in (("0.5", "0.95"), ("0.95", "0.95"), (..., "0.95"), ("0.95", "0.5"), (None, "0.9"), ("0.9", None)):
        history(AccountFactory(), "seat_utilisation", *values)
    evaluate()
    proposed = set(Candidate.objects.values_list("account_id", "caused_on"))
    words = vocabulary()
    [causes] = causes_of_last_year([draft_of(values_of(running), words)], words, ago(0), 1)
    fired = {(cause.account_id, cause.caused_on) for cause in spaced(causes, running.cooldown_days)}
    still_true = AccountFacts.objects.filter(day=ago(0), seat_utilisation__gte="0.9").values_list(
        "account_id", flat=True
    )
    assert proposed == {(account, day) for account, day in fired if account in set(still_true)}
    assert (len(proposed), len(fired)) == (4, 6)


def test_a_big_company_is_reckoned_from_some_of_its_accounts(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(measuring, "MOST_ACCOUNTS", 2)
    campaign = campaign_on("seat_utilisation", parameters={"percent": 90})
    for _ in range(4):
        history(AccountFactory(), "seat_utilisation", "0.5", "0.95")
    measured = measure(None, values_of(campaign))
    assert (measured.stride, measured.after.offers, measured.moved.after) == (2, 4, 4)
    assert measured.sentences()[-1] == "The year is reckoned from one account of every 2."


def test_nothing_that_is_measured_changes() -> None:
    campaign = CampaignFactory()
    assert impact_in_words(values_of(campaign), changed(campaign, goal="Another")) == [
        "It fires for the same accounts as now, and offers the same."
    ]


def test_without_facts_nobody_can_be_counted() -> None:
    campaign = CampaignFactory()
    assert impact_in_words(values_of(campaign), changed(campaign, cooldown_days=30)) == [
        "No facts have been worked out yet, so nobody can be counted."
    ]


def test_terms_of_now_that_can_no_longer_be_read_are_left_out() -> None:
    gone = {"op": "holds", "fact": "segments", "how": "any", "values": ["gone"]}
    campaign = CampaignFactory(audience=gone)
    know(reach(campaign).account)
    told = impact_in_words(values_of(campaign), changed(campaign, audience={}))
    assert told[0] == "The terms of now can no longer be read, so the new ones are measured by themselves."


def test_the_change_request_and_the_preview_tell_it(signed_in_as: Callable[[User], Client], cs: User) -> None:
    campaign = CampaignFactory()
    know(reach(campaign).account, 1, plan_segment="mid_market")
    change = propose_or_apply("campaign", campaign.pk, {"audience": MID_MARKET}, "only them", acting_user=cs)
    assert change is not None
    assert any(sentence.startswith("Over the last 365 days it would have made 1 offer") for sentence in change.impact)

    client, address = signed_in_as(cs), reverse("campaign-edit", args=[campaign.pk])
    before = values_of(campaign)
    typed = {
        "name": campaign.name, "goal": campaign.goal, "recipient": "champion", "cooldown_days": 30,
        "holdout_percent": 0, "t_milestone": campaign.trigger_parameters["milestone"],
        "reward_0": before["ladder"][0]["reward"], "wait_0": 0,
    }  # fmt: skip
    shown = client.post(address, {**typed, "preview": "yes"})
    assert shown.status_code == 200
    assert "it would have made 1 offer worth $300.00 instead of 1 offer worth $300.00" in shown.content.decode()
    campaign.refresh_from_db()
    assert values_of(campaign) == before
