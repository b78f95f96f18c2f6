"""The dry run: the very evaluation, taken back; and the reasons why nothing would come of it."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from accounts.facts.models import AccountFacts
from accounts.records.models import Account
from accounts.streaks.models import Streak, StreakReach
from accounts.tiers.models import Tier, TierMove
from accounts.tiers.verbs import ensure_shipped as ensure_tiers
from loyalty.core.figures import day_text
from loyalty.core.people.models import User
from rewards.campaigns.models import Campaign, Candidate
from rewards.campaigns.rules.trigger import Dated
from rewards.campaigns.rules.triggers import TRIGGERS
from rewards.campaigns.trial import Trial, try_out
from rewards.caps.models import CapEntry
from rewards.fit.shipped import ensure_shipped as ensure_fit
from rewards.offers.models import Offer
from tests.accounts.segments.standing import moved
from tests.factories import AccountFactory, CapFactory, MilestoneFactory, RewardFactory, SegmentFactory, streak_factory
from tests.rewards.campaigns.made import ago, campaign_on, evaluate, history, know, reach

SignIn = Callable[[User], Client]


@pytest.fixture
def acme(db: None) -> Account:
    return AccountFactory(name="Acme", external_id="acme")


def tried(account: Account, campaign: Campaign) -> Trial:
    return next(t for t in try_out(account, now=timezone.now()) if t.campaign.pk == campaign.pk)


FULL: dict[str, Any] = {"parameters": {"percent": 90}}
BUSY = {"op": "compare", "fact": "sign_ins_30", "is": ">=", "value": "5"}


@pytest.mark.parametrize("status", ["live", "draft", "approved"])
def test_it_would_offer_and_writes_nothing(acme: Account, status: str) -> None:
    history(acme, "seat_utilisation", "0.80", "0.95")
    found = campaign_on("seat_utilisation", status=status, **FULL)
    CapFactory()
    since = found.live_since

    told = tried(acme, found)

    assert (told.outcome, told.would) == ("offer", "$300 service credit worth $300.00")
    assert ("only once it runs" in told.why) is (status != "live")
    found.refresh_from_db()
    assert (found.status, found.live_since) == (status, since)
    assert (Candidate.objects.count(), Offer.objects.count(), CapEntry.objects.count()) == (0, 0, 0)


def test_why_not_the_trigger_does_not_hold(acme: Account) -> None:
    history(acme, "seat_utilisation", "0.50", "0.60")

    told = tried(acme, campaign_on("seat_utilisation", **FULL))

    assert told.outcome == "nothing"
    assert "The trigger does not hold on" in told.why
    assert "Seat utilisation is at least 90.0" in told.why


def test_why_not_it_has_held_for_long(acme: Account) -> None:
    history(acme, "seat_utilisation", *["0.95"] * 12)

    assert "only what becomes true fires" in tried(acme, campaign_on("seat_utilisation", **FULL)).why


def test_why_not_another_audience(acme: Account) -> None:
    history(acme, "seat_utilisation", "0.50", "0.95", plan_segment="self_serve")
    audience = {"op": "in", "fact": "plan_segment", "values": ["enterprise"]}

    told = tried(acme, campaign_on("seat_utilisation", audience=audience, **FULL))

    assert told.why.startswith("Not of its audience, because not: Plan segment is enterprise (self-serve)")


def test_why_not_nothing_dated_happened_that_can_still_fire(acme: Account) -> None:
    """Of each kind of dated fact: that it is missing and what is missing, and that it is there but too old."""
    streak = streak_factory(key="exports", length=5, name="Exports")
    segment = SegmentFactory(key="busy", name="Busy", rule=BUSY)
    ensure_tiers()
    tier = Tier.objects.get(key="gold")
    know(acme, 0, sign_ins_30=3, streaks={"exports": [2, 9]}, tier="gold", segments=[])
    campaigns = {
        kind: campaign_on(kind, parameters={} if kind in {"referral", "quiz", "renewal_paid"} else {kind: key})
        for kind, key in (
            ("milestone", MilestoneFactory(key="made", name="Made").key),
            ("streak", "exports"),
            ("segment", "busy"),
            ("tier", None),
            ("referral", None),
            ("quiz", None),
            ("renewal_paid", None),
        )
    }
    assert {*campaigns, "track"} == {kind.value for kind, known in TRIGGERS.items() if isinstance(known, Dated)}
    AccountFactory(referred_by="acme")
    assert {kind: tried(acme, campaign).why for kind, campaign in campaigns.items()} == {
        "milestone": "“Made” has not been reached yet.",
        "streak": "“Exports” has not been reached yet: 2 days in a row now, and it takes 5.",
        "segment": "Not in the segment “Busy”, because not: Sign-ins is at least 5 (3).",
        "tier": "It holds Gold.",
        "referral": "1 referred, and none of them has paid a first invoice yet.",
        "quiz": "No contact has completed it.",
        "renewal_paid": "No renewal that is billed by the year or longer has been paid yet.",
    }

    Campaign.objects.update(live_since=timezone.now() - timedelta(days=90))
    old = ago(40)
    reach(campaigns["milestone"], account=acme, reached_at=timezone.now() - timedelta(days=100), fires=False)
    StreakReach.objects.create(
        streak=streak, account=acme, version=1, length=5, run_starts_on=old, reached_on=old,
        reached_at=timezone.now() - timedelta(days=40), fires=True,
    )  # fmt: skip
    AccountFacts.objects.update(segments=["busy"])
    moved(acme, segment, ago(40))
    TierMove.objects.create(account=acme, tier=tier, is_up=True, day=ago(3), version=1, cause="rule", fires=False)
    told = {kind: tried(acme, campaign).why for kind, campaign in campaigns.items()}
    assert told["milestone"].startswith("It was reached on")
    assert told["milestone"].endswith("before the campaign ran.")
    assert "longer ago than the 30 days" in told["streak"]
    assert told["streak"].endswith("; 2 days in a row now, and it takes 5.")
    assert told["segment"].startswith(f"It entered on {day_text(old)}, longer ago")
    assert told["tier"].startswith("It rose to Gold on")
    assert told["tier"].endswith("or not brought about by the account itself; it holds Gold.")
    StreakReach.objects.all().delete()
    Streak.objects.update(within_days=90)
    know(acme, 0, days_since_sign_up=91, streaks={"exports": [9, 9]})
    told_late = "“Exports” was not reached in the 90 days after sign-up in which it counts."
    assert tried(acme, campaigns["streak"]).why == told_late


def test_why_not_it_keeps_quiet(acme: Account) -> None:
    found = campaign_on("milestone", parameters={"milestone": MilestoneFactory().key})
    reach(found, account=acme)
    know(acme, mrr=100)
    assert evaluate() == 1

    assert "keeps quiet until" in tried(acme, found).why
    assert Offer.objects.count() == 1


def test_why_not_it_does_not_fit_or_there_is_no_room(acme: Account) -> None:
    ensure_fit()
    history(acme, "seat_utilisation", "0.50", "0.95", plan_segment="self_serve")
    workshop = RewardFactory(kind="optimisation_workshop", is_credit=False, delivery="by_hand", name="Workshop")

    unfit = tried(acme, campaign_on("seat_utilisation", rewards=[workshop], **FULL))
    CapFactory(limit=1)
    capped = tried(acme, campaign_on("seat_utilisation", **FULL))

    assert (unfit.outcome, "nothing that people hand over" in unfit.why) == ("unfit", True)
    assert (capped.outcome, "Programme cap" in capped.why) == ("capped", True)


def test_the_page(acme: Account, cs: User, signed_in_as: SignIn) -> None:
    history(acme, "seat_utilisation", "0.80", "0.95")
    campaign_on("seat_utilisation", **FULL)
    client = signed_in_as(cs)

    assert "Name an account" in client.get("/campaigns/trial/").content.decode()
    page = client.get("/campaigns/trial/?account=acme").content.decode()
    assert "$300 service credit worth $300.00" in page
    assert "Dry run on Acme" in client.get(f"/campaigns/trial/?of={acme.pk}").content.decode()
    unknown = client.get("/campaigns/trial/?account=nobody")
    assert (unknown.status_code, "No account has the id or the name" in unknown.content.decode()) == (422, True)
    export = b"".join(client.get("/campaigns/trial/?account=acme&format=csv").streaming_content).decode()
    assert export.count("\r\n") == 2
