"""Dated facts of the other rooms: each is a cause once, and only what fires, lately, since the campaign is live."""

from datetime import date, datetime, timedelta
from typing import Any

import pytest
from django.utils import timezone

from accounts.contacts.models import QuizAnswer
from accounts.contacts.quiz import answer
from accounts.contacts.rules import Answers
from accounts.records.models import Account, Invoice
from accounts.referrals.models import Referral
from accounts.segments.models import Segment, SegmentMove
from accounts.streaks.models import Pattern, Streak, StreakReach
from accounts.tiers.models import Tier, TierMove
from loyalty.pipeline import react_now
from rewards.campaigns.evaluating import follow
from rewards.campaigns.models import Candidate, EvaluationDue
from rewards.offers.models import Offer
from tests.factories import AccountFactory, ContactFactory, SegmentFactory
from tests.rewards.campaigns.made import ago, campaign_on, evaluate, yesterday

pytestmark = pytest.mark.django_db


def a_streak(kind: str) -> Streak:
    pattern = Pattern.objects.create(action="sign_in", pace="day", features=0, active_days=1)
    return Streak.objects.create(kind=kind, key="five", name="Five days", pattern=pattern, length=5, status="live")


def streak_reach(streak: Streak, account: Account, **changes: Any) -> StreakReach:
    at = changes.pop("at", yesterday())
    usual = {"version": 1, "length": 5, "run_starts_on": at.date() - timedelta(days=4), "reached_on": at.date()}
    return StreakReach.objects.create(
        streak=streak, account=account, reached_at=at, **({"fires": True} | usual | changes)
    )


def entry(segment: Segment, account: Account, day: date, **changes: Any) -> SegmentMove:
    usual = {"entered": True, "version": 1, "cause": "facts", "evidence": {}, "fires": True}
    return SegmentMove.objects.create(segment=segment, account=account, day=day, **(usual | changes))


def referral(referrer: Account, at: datetime, **changes: Any) -> Referral:
    referred = AccountFactory(name="Referred Ltd")
    invoice = Invoice.objects.create(
        account=referred,
        external_id=f"in-{referred.pk}",
        status="paid",
        currency="USD",
        due=1,
        paid=1,
        issued_at=at,
        told_at=at,
        told_as="1",
    )
    return Referral.objects.create(
        referrer=referrer, referred=referred, invoice=invoice, converted_at=at, **({"fires": True} | changes)
    )


@pytest.mark.parametrize("kind", ["streak", "track"])
def test_a_streak_or_a_track(kind: str) -> None:
    streak, account = a_streak(kind), AccountFactory()
    campaign = campaign_on(kind, parameters={kind: "five"})
    campaign_on("track" if kind == "streak" else "streak", parameters={"streak": "five", "track": "five"})
    found = streak_reach(streak, account)
    streak_reach(streak, AccountFactory(), fires=False)
    assert [evaluate(), evaluate()] == [1, 0]
    offer = Offer.objects.get()
    assert (offer.campaign, offer.account, offer.cause_key) == (campaign, account, f"streak-reach:{found.pk}")
    assert offer.reason.startswith("Five days, 5 in a row, ")


def test_a_second_run_within_the_quiet_time_fires_no_second_time() -> None:
    streak, account = a_streak("streak"), AccountFactory()
    campaign_on("streak", parameters={"streak": "five"}, cooldown_days=20)
    for days in (25, 10, 1):
        streak_reach(streak, account, at=timezone.now() - timedelta(days=days))
    assert [evaluate(), evaluate()] == [2, 0]
    assert list(Candidate.objects.order_by("caused_on").values_list("caused_on", flat=True)) == [ago(25), ago(1)]


@pytest.mark.parametrize(
    ("changes", "fires"),
    [
        ({}, 1),
        ({"entered": False}, 0),
        ({"fires": False}, 0),
        ({"cause": "terms"}, 0),
        ({"withdrawn_at": timezone.now()}, 0),
        ({"day": ago(31)}, 0),
    ],
    ids=["entered", "left", "moved by a rule", "moved to an edit since", "taken back by late data", "too long ago"],
)
def test_a_segment_entered(changes: dict[str, Any], fires: int) -> None:
    segment = SegmentFactory(key="at-risk", name="At-Risk")
    campaign_on("segment", parameters={"segment": "at-risk"})
    entry(segment, AccountFactory(), changes.pop("day", ago(1)), **changes)
    entry(SegmentFactory(), AccountFactory(), ago(1))
    assert evaluate() == fires
    if fires:
        assert Offer.objects.get().reason == f"Entered At-Risk, {ago(1).day} {ago(1):%b %Y}"


def test_what_was_entered_before_the_campaign_was_live_does_not_fire() -> None:
    segment = SegmentFactory(key="at-risk")
    entry(segment, AccountFactory(), ago(0))
    campaign_on("segment", parameters={"segment": "at-risk"}, live_since=timezone.now())
    assert evaluate() == 0
    entry(segment, AccountFactory(), ago(0), recorded_at=timezone.now() + timedelta(seconds=1))
    assert evaluate() == 1


@pytest.mark.parametrize(
    ("parameters", "changes", "fires"),
    [
        ({"tier": "gold"}, {}, 1),
        ({"tier": None}, {}, 1),
        ({"tier": "platinum"}, {}, 0),
        ({"tier": "gold"}, {"is_up": False}, 0),
        ({"tier": "gold"}, {"fires": False}, 0),
        ({"tier": "gold"}, {"withdrawn_at": timezone.now()}, 0),
    ],
    ids=["this one", "any", "another one", "fallen to it", "moved by the scheme", "taken back by late data"],
)
def test_a_tier_reached(parameters: dict[str, Any], changes: dict[str, Any], fires: int) -> None:
    gold = Tier.objects.create(key="gold", name="Gold")
    Tier.objects.create(key="platinum", name="Platinum")
    campaign_on("tier", parameters=parameters)
    usual = {"is_up": True, "version": 1, "cause": "facts", "fires": True}
    TierMove.objects.create(account=AccountFactory(), tier=gold, day=ago(1), **(usual | changes))
    assert [evaluate(), evaluate()] == [fires, 0]
    assert [offer.reason for offer in Offer.objects.all()] == [f"Reached Gold, {ago(1).day} {ago(1):%b %Y}"] * fires


def test_every_referral_that_converts_is_rewarded() -> None:
    referrer = AccountFactory()
    campaign_on("referral")
    referral(referrer, yesterday())
    referral(referrer, timezone.now() - timedelta(hours=1))
    referral(referrer, yesterday(), fires=False)
    assert [evaluate(), evaluate()] == [2, 0]
    assert set(Offer.objects.values_list("account", flat=True)) == {referrer.pk}
    assert Offer.objects.first().reason.startswith("Referred Referred Ltd, ")  # type: ignore[union-attr]


def answered(account: Account, at: datetime, version: int = 1, *, consents: bool = True) -> QuizAnswer:
    contact = ContactFactory(account=account, consents=consents)
    return QuizAnswer.objects.create(contact=contact, version=version, answered_at=at)


def test_the_quiz_is_rewarded_once_per_contact_and_goes_to_who_answered() -> None:
    account = AccountFactory()
    champion = ContactFactory(account=account, role="champion", consents=True)
    campaign_on("quiz")
    first, second = answered(account, yesterday()), answered(account, yesterday())
    assert [evaluate(), evaluate()] == [2, 0]
    QuizAnswer.objects.create(contact=first.contact, version=2, answered_at=timezone.now(), is_first=False)
    assert evaluate() == 0
    offers = {offer.contact: offer.informed for offer in Offer.objects.all()}
    assert offers == {first.contact: champion, second.contact: champion}


def test_an_answer_without_consent_sets_off_nothing() -> None:
    campaign_on("quiz")
    answered(AccountFactory(), yesterday(), consents=False)
    assert (evaluate(), Candidate.objects.count()) == (0, 0)


def test_an_answer_is_followed_within_seconds() -> None:
    campaign_on("quiz")
    contact = ContactFactory(consents=True)
    answer(contact, Answers("lead", "", ["say"], True, "1"), now=timezone.now())
    assert react_now() == 1
    assert Offer.objects.get().contact == contact


def test_who_referred_is_looked_at_when_the_referred_account_moved() -> None:
    found = referral(AccountFactory(), timezone.now())
    today = timezone.now().date()
    follow({found.referred_id: today}, today)
    assert set(EvaluationDue.objects.values_list("account", flat=True)) == {found.referred_id, found.referrer_id}


def test_facts_of_long_ago_decide_nothing_now() -> None:
    follow({AccountFactory().pk: ago(9)}, ago(2))
    assert EvaluationDue.objects.count() == 0
