"""The dry run: the very evaluation, taken back; and the reasons why nothing would come of it."""

from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from accounts.records.models import Account
from loyalty.core.people.models import User
from rewards.campaigns.models import Campaign, Candidate
from rewards.campaigns.trial import Trial, try_out
from rewards.caps.models import CapEntry
from rewards.fit.shipped import ensure_shipped as ensure_fit
from rewards.offers.models import Offer
from tests.factories import AccountFactory, CapFactory, MilestoneFactory, RewardFactory
from tests.rewards.campaigns.made import campaign_on, evaluate, history, know, reach

SignIn = Callable[[User], Client]


@pytest.fixture
def acme(db: None) -> Account:
    return AccountFactory(name="Acme", external_id="acme")


def tried(account: Account, campaign: Campaign) -> Trial:
    return next(t for t in try_out(account, now=timezone.now()) if t.campaign.pk == campaign.pk)


FULL: dict[str, Any] = {"parameters": {"percent": 90}}


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

    assert told.why.startswith("Not of its audience. No match, but not: Plan segment is enterprise (self-serve)")


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
