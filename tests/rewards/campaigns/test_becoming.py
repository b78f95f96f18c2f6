"""A condition fires when it becomes true: on the latest facts, begun within seven days, once in a quiet time."""

from datetime import UTC, datetime, time, timedelta
from typing import Any

import pytest
from django.utils import timezone

from accounts.facts.models import AccountFacts
from accounts.milestones.models import MilestoneReach
from loyalty.core.figures import day_text
from rewards.approvals.queries import evidence_of
from rewards.approvals.required.shipped import ensure_shipped as ensure_approval_rules
from rewards.campaigns.evaluating import evaluate_range
from rewards.campaigns.models import Campaign, Candidate
from rewards.offers.models import Offer
from tests.factories import AccountFactory, EventFactory, MilestoneFactory, RewardFactory
from tests.rewards.campaigns.made import ago, campaign_on, evaluate, history, know

pytestmark = pytest.mark.django_db
USED = {"percent": 90}

# Utilisation of the days up to today; ... is a day without facts. The day on which it began, or None: does not fire.
RUNS: list[tuple[str, list[Any], int | None]] = [
    ("today", [0.5, 0.9], 0),
    ("the first day that is known", [0.95], 0),
    ("yesterday", [0.5, 0.9, 0.9], 1),
    ("six days ago", [0.5, *[0.9] * 7], 6),
    ("seven days ago", [0.5, *[0.9] * 8], None),
    ("long ago", [0.9] * 12, None),
    ("no longer true", [0.5, 0.9, 0.5], None),
    ("never", [0.5, 0.8, 0.89], None),
    ("unknown today", [0.9, None], None),
    ("unknown yesterday", [0.9, 0.9, None, 0.9], 0),
    ("a gap", [0.9, 0.9, ..., 0.9, 0.9], 1),
    ("true again after one day", [*[0.9] * 5, 0.5, 0.9, 0.9], 1),
    ("no facts today", [0.5, 0.9, ...], None),
]


@pytest.mark.parametrize(("values", "began"), [run[1:] for run in RUNS], ids=[run[0] for run in RUNS])
def test_when_a_condition_fires(values: list[Any], began: int | None) -> None:
    account = AccountFactory()
    campaign_on("seat_utilisation", parameters=USED)
    history(account, "seat_utilisation", *values)
    assert evaluate() == (began is not None)
    if began is not None:
        candidate = Candidate.objects.get()
        assert candidate.caused_on == ago(began)
        assert candidate.cause_key == "seat_utilisation:1"
    assert evaluate() == 0


def test_it_does_not_fire_for_what_was_true_before_it_was_live() -> None:
    campaign_on("seat_utilisation", parameters=USED, live_since=timezone.now() - timedelta(days=2))
    early, late = AccountFactory(), AccountFactory()
    history(early, "seat_utilisation", 0.5, 0.9, 0.9, 0.9, 0.9)
    history(late, "seat_utilisation", 0.5, 0.9, 0.9)
    assert evaluate() == 1
    assert Offer.objects.get().account == late


def test_the_evidence_of_a_word_to_cancel_names_the_event_and_that_of_billing_none() -> None:
    campaign_on("cancellation_intent")
    told, billed = AccountFactory(), AccountFactory()
    know(told, 0, cancellation_intent=True)
    know(billed, 0, cancellation_intent=True)
    at = datetime.combine(ago(0), time(9, 5), UTC)
    EventFactory(account=told, name="Cancellation Intent", occurred_at=at, message_id="gone-1")
    EventFactory(account=told, name="Cancellation Intent", occurred_at=at - timedelta(days=3), message_id="older")
    EventFactory(account=billed, name="Signed In", occurred_at=at)
    assert evaluate() == 2
    by_product, by_billing = (evidence_of(Offer.objects.get(account=account)) for account in (told, billed))
    assert by_product["words"][0].startswith(f"“Cancellation Intent” on {day_text(ago(0))}, 09:05 UTC: product or")
    assert [(event["name"], event["detail"]) for event in by_product["events"]] == [
        ("Cancellation Intent", "message gone-1")
    ]
    assert by_billing["words"][0].endswith(f"since {day_text(ago(0))}.")
    assert by_billing["events"] == []


def told_as_earlier(days: int, cause_key: str) -> None:
    """What fired today is told as if it had fired so many days ago."""
    Candidate.objects.update(caused_on=ago(days), cause_key=cause_key)
    Offer.objects.update(cause_key=cause_key)


@pytest.mark.parametrize(("earlier", "fires"), [(29, 0), (30, 1)])
def test_it_is_quiet_for_the_cooldown_and_then_fires_again(earlier: int, fires: int) -> None:
    account = AccountFactory()
    campaign_on("seat_utilisation", parameters=USED, cooldown_days=30)
    history(account, "seat_utilisation", 0.5, 0.9)
    assert evaluate() == 1
    told_as_earlier(earlier, f"seat_utilisation:{ago(earlier)}")
    assert evaluate() == fires
    assert Offer.objects.count() == 1 + fires
    assert {offer.cause_key for offer in Offer.objects.all()[:fires]} <= {"seat_utilisation:2"}


def test_who_is_onboarded_by_an_edit_alone_does_not_fire_for_days_before_it() -> None:
    """One turned 30 days old before the edit, one has done so since, and one was onboarded by the terms of its time."""
    before, since, always = (AccountFactory() for _ in range(3))
    campaign_on("days_since_sign_up", parameters={"days": 30, "onboarded": "yes", "milestone": "welcome"})
    made = MilestoneFactory(key="welcome")
    for account, age, terms_from in ((before, 33, 2), (since, 31, 2), (always, 33, None)):
        for days in range(8):
            know(account, days, days_since_sign_up=age - days, milestones=["welcome"])
        edited_at = timezone.now() - timedelta(days=terms_from) if terms_from else None
        at = timezone.now() - timedelta(days=20)
        reached = {"version": 1, "count": 1, "reached_at": at, "terms_from": edited_at, "fires": False}
        MilestoneReach.objects.create(account=account, milestone=made, **reached)
    assert evaluate() == 2
    assert set(Offer.objects.values_list("account_id", flat=True)) == {since.pk, always.pk}


def test_late_data_that_moves_the_beginning_never_fires_twice() -> None:
    account = AccountFactory()
    campaign_on("seat_utilisation", parameters=USED, cooldown_days=7)
    history(account, "seat_utilisation", 0.5, 0.5, 0.5, 0.9)
    assert evaluate() == 1
    history(account, "seat_utilisation", 0.5, 0.9, 0.9, 0.9)
    assert evaluate() == 0
    assert Candidate.objects.get().caused_on == ago(0)


def test_two_renewals_are_two_causes() -> None:
    account = AccountFactory()
    campaign_on("renewal_window", parameters={"days": 60}, cooldown_days=90)
    for days, left in ((1, 61), (0, 60)):
        know(account, days, days_to_renewal=left, renews_on=ago(0) + timedelta(days=60))
    assert evaluate() == 1
    assert Candidate.objects.get().cause_key == f"renewal:{ago(0) + timedelta(days=60)}"
    told_as_earlier(365, f"renewal:{ago(305)}")
    assert evaluate() == 1


def test_what_did_not_fit_is_looked_at_again_while_it_stands() -> None:
    account = AccountFactory()
    reward = RewardFactory(value_basis="percent_of_arr", percent=10)
    campaign_on("seat_utilisation", parameters=USED, rewards=[reward])
    history(account, "seat_utilisation", 0.5, 0.95)
    assert [evaluate(), evaluate()] == [1, 0]
    first = Candidate.objects.get()
    assert (first.outcome, first.rule) == ("unfit", "unknown_value")
    know(account, 0, seat_utilisation=0.95, arr=1000)
    assert [evaluate(), evaluate()] == [1, 0]
    again = Candidate.objects.get()
    assert (again.pk, again.cause_key, again.outcome, again.rule) == (first.pk, first.cause_key, "proposed", "")
    assert again.offer == Offer.objects.get()


def test_a_run_that_late_data_lengthens_is_the_same_episode_however_far_back_one_looks() -> None:
    account = AccountFactory()
    campaign_on("seat_utilisation", parameters=USED, cooldown_days=7)
    history(account, "seat_utilisation", *[0.5] * 9, *[0.9] * 5)
    assert sum(evaluate_range(account.pk, account.pk, missed=10).values()) == 1
    history(account, "seat_utilisation", 0.5, *[0.9] * 13)
    assert sum(evaluate_range(account.pk, account.pk, missed=10).values()) == 0


FIRING: list[tuple[str, dict[str, Any], dict[str, Any], dict[str, Any]]] = [
    ("renewal_window", {"days": 60}, {"days_to_renewal": 61}, {"days_to_renewal": 60}),
    ("seat_utilisation", {"percent": 90}, {"seat_utilisation": 0.89}, {"seat_utilisation": 0.9}),
    ("cancellation_intent", {}, {"cancellation_intent": False}, {"cancellation_intent": True}),
    (
        "paid_months",
        {"months": 3},
        {"billing_frequency": "monthly", "paid_months": 2},
        {"billing_frequency": "monthly", "paid_months": 3},
    ),
    ("tenure_or_nps", {"months": 24, "nps": 9}, {"days_since_sign_up": 729}, {"days_since_sign_up": 730}),
    (
        "tenure_or_nps",
        {"months": 24, "nps": 9},
        {"days_since_sign_up": 100, "nps": 8},
        {"days_since_sign_up": 101, "nps": 9},
    ),
    (
        "days_since_sign_up",
        {"days": 30, "onboarded": "either", "milestone": "onboarding-completed"},
        {"days_since_sign_up": 29},
        {"days_since_sign_up": 30},
    ),
    (
        "days_since_sign_up",
        {"days": 30, "onboarded": "yes", "milestone": "onboarding-completed"},
        {"days_since_sign_up": 29, "milestones": ["onboarding-completed"]},
        {"days_since_sign_up": 30, "milestones": ["onboarding-completed"]},
    ),
    (
        "multi_year_growth",
        {"percent": 10},
        {"billing_frequency": "multi_year", "mrr": 109, "mrr_year_before": 100},
        {"billing_frequency": "multi_year", "mrr": 110, "mrr_year_before": 100},
    ),
]
QUIET: list[tuple[str, dict[str, Any], dict[str, Any]]] = [
    ("paid_months", {"months": 3}, {"billing_frequency": "annual", "paid_months": 3}),
    (
        "days_since_sign_up",
        {"days": 30, "onboarded": "no", "milestone": "onboarding-completed"},
        {"days_since_sign_up": 30, "milestones": ["onboarding-completed"]},
    ),
    ("multi_year_growth", {"percent": 10}, {"billing_frequency": "annual", "mrr": 200, "mrr_year_before": 100}),
    ("multi_year_growth", {"percent": 10}, {"billing_frequency": "multi_year", "mrr": 200, "mrr_year_before": 0}),
    ("renewal_window", {"days": 60}, {"days_to_renewal": None}),
]


@pytest.mark.parametrize(("kind", "parameters", "before", "now"), FIRING, ids=lambda x: x if isinstance(x, str) else "")
def test_each_condition_fires_on_its_day(
    kind: str, parameters: dict[str, Any], before: dict[str, Any], now: dict[str, Any]
) -> None:
    account = AccountFactory()
    campaign_on(kind, parameters=parameters)
    know(account, 1, **before)
    know(account, 0, **before)
    assert evaluate() == 0
    know(account, 0, **now)
    assert evaluate() == 1
    candidate = Candidate.objects.get()
    assert (candidate.caused_on, candidate.outcome) == (ago(0), "proposed")


@pytest.mark.parametrize(("kind", "parameters", "now"), QUIET, ids=lambda x: x if isinstance(x, str) else "")
def test_what_is_not_meant_does_not_fire(kind: str, parameters: dict[str, Any], now: dict[str, Any]) -> None:
    account = AccountFactory()
    campaign_on(kind, parameters=parameters)
    know(account, 0, **now)
    assert evaluate() == 0


def test_only_the_audience_gets_it() -> None:
    audience = {"op": "compare", "fact": "plan_segment", "is": "=", "value": "enterprise"}
    campaign = campaign_on("seat_utilisation", parameters=USED, audience=audience)
    for segment in ("enterprise", "mid_market", None):
        account = AccountFactory()
        know(account, 0, seat_utilisation=0.95, plan_segment=segment, seats_active=19, seats_bought=20, arr=1200)
    assert evaluate() == 1
    offer = Offer.objects.get()
    told = evidence_of(offer)
    assert told["words"] == [
        f"At least 90 % of the seats bought are active, since {ago(0).day} {ago(0):%b %Y}.",
        f"19 of 20 seats active on {ago(0).day} {ago(0):%b %Y}.",
        f"ARR $1,200.00 on {ago(0).day} {ago(0):%b %Y}.",
        f"Plan segment: enterprise on {ago(0).day} {ago(0):%b %Y}.",
    ]
    assert [(fact["name"], fact["value"], fact["threshold"], fact["met"]) for fact in told["facts"]][:2] == [
        ("Seat utilisation", "95.0\N{NO-BREAK SPACE}%", "at least 90.0\N{NO-BREAK SPACE}%", True),
        ("Plan segment", "enterprise", "enterprise", True),
    ]
    assert {"name": "Audience", "value": "Plan segment is enterprise"} in told["terms"]
    assert campaign.candidates.count() == 1


def test_the_value_is_that_of_the_account() -> None:
    ensure_approval_rules()
    reward = RewardFactory(value_basis="percent_of_arr", percent=10, name="10 % of ARR")
    campaign_on("seat_utilisation", parameters=USED, rewards=[reward])
    for arr in ("12345.65", "100.00", None):
        know(AccountFactory(), 0, seat_utilisation=0.95, arr=arr)
    assert evaluate() == 3
    assert [str(offer.face_value) for offer in Offer.objects.order_by("id")] == ["1234.57", "10.00"]
    unfit = Candidate.objects.get(outcome="unfit")
    assert (unfit.rule, unfit.offer) == ("unknown_value", None)
    assert unfit.reason.startswith("What this reward is worth to the account is not known")


def test_a_month_without_a_night_is_caught_up() -> None:
    account = AccountFactory()
    campaign_on("seat_utilisation", parameters=USED)
    history(account, "seat_utilisation", 0.5, *[0.9] * 12)
    assert evaluate() == 0
    assert sum(evaluate_range(account.pk, account.pk, missed=4).values()) == 0
    assert sum(evaluate_range(account.pk, account.pk, missed=5).values()) == 1
    assert Candidate.objects.get().caused_on == ago(11)


def test_the_facts_of_the_day_stay_with_the_offer() -> None:
    account = AccountFactory()
    campaign_on("seat_utilisation", parameters=USED)
    know(account, 0, seat_utilisation=0.95, nps=7)
    evaluate()
    AccountFacts.objects.update(nps=1)
    offer = Offer.objects.get()
    assert offer.evidence["facts"]["nps"] == 7.0
    assert (offer.evidence["day"], offer.evidence["version"]) == (ago(0).isoformat(), 1)


def test_an_audience_that_cannot_be_read_stops_its_campaign_alone(caplog: pytest.LogCaptureFixture) -> None:
    broken = {"op": "compare", "fact": "weather", "is": "=", "value": "1"}
    campaign_on("seat_utilisation", parameters=USED, audience=broken, key="broken")
    whole = campaign_on("seat_utilisation", parameters=USED)
    know(AccountFactory(), 0, seat_utilisation=0.95)
    assert evaluate() == 1
    assert Offer.objects.get().campaign == whole
    assert "The campaign broken proposes nothing" in caplog.text
    assert Campaign.objects.count() == 2
