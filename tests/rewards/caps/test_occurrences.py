"""Caps of occurrences: what people deliver counts one each, whatever it is worth, and is said so."""

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal

import pytest
from django.test import Client
from django.utils import timezone

from loyalty.core.errors import DomainError
from loyalty.core.people.models import User
from loyalty.core.periods import FOREVER
from rewards.campaigns.models import Candidate
from rewards.caps.asking import asking
from rewards.caps.changing import CHANGEABLE_CAP, clean, impact
from rewards.caps.models import Cap, CapEntry, CapPeriod
from rewards.caps.room import room_of, room_together
from rewards.caps.verbs import reserve, spend
from rewards.catalogue.models import Reward
from rewards.offers.models import Offer
from tests.factories import AccountFactory, CampaignFactory, CapFactory, OfferFactory, RewardFactory
from tests.faults.clients import request_for

pytestmark = pytest.mark.django_db
SignIn = Callable[[User], Client]


@pytest.fixture
def workshop() -> Reward:
    made: Reward = RewardFactory(
        name="Workshop", kind="optimisation_workshop", is_credit=False, delivery="by_hand", discount_equivalent=250
    )
    return made


def offered(reward: Reward, count: int) -> list[Offer]:
    campaign = CampaignFactory(reward=reward)
    return [OfferFactory(campaign=campaign, reward=reward) for _ in range(count)]


def asked(*offers: Offer) -> list[bool]:
    results = reserve([replace(request_for(offer), day=timezone.now().date()) for offer in offers])
    return [results[offer.pk].ok for offer in offers]


def form(reward: Reward, **other: str) -> dict[str, str]:
    return {
        "scope": "reward",
        "scope_key": str(reward.pk),
        "name": "Workshops",
        "period": "month",
        "measure": "occurrences",
        "limit": "3",
        "at_the_cap": "refuse",
    } | other


def test_each_offer_takes_one_and_what_a_system_hands_over_takes_none(workshop: Reward) -> None:
    cap = CapFactory(name="All work", measure="occurrences", limit=Decimal(2))
    first, second, third = offered(workshop, 3)
    credit = OfferFactory()
    assert asked(first, second, credit, third) == [True, True, True, False]
    period = CapPeriod.objects.get()
    assert (period.cap, period.reserved) == (cap, Decimal(2))
    spend(first.pk)
    assert [(e.offer_id, e.kind, e.amount) for e in CapEntry.objects.order_by("id")] == [
        (first.pk, "reserve", 1),
        (second.pk, "reserve", 1),
        (first.pk, "spend", 1),
    ]
    (seen,), (together,) = room_of(first.pk), room_together([first.pk, second.pk])
    assert seen.said == {"amount": "1 occurrence", "room_of": "0 of 2 occurrences"}
    assert together.said["amount"] == "1 occurrence"


def test_money_and_occurrences_bind_side_by_side(workshop: Reward) -> None:
    CapFactory(name="Money", limit=Decimal(600))
    CapFactory(name="Work", measure="occurrences", limit=Decimal(5))
    offers = offered(workshop, 3)
    assert asked(*offers) == [True, True, False]
    taken = dict(CapPeriod.objects.values_list("cap__name", "reserved"))
    assert taken == {"Money": Decimal(500), "Work": Decimal(2)}


def test_finance_sets_a_capacity_and_every_page_counts(finance: User, workshop: Reward, signed_in_as: SignIn) -> None:
    client = signed_in_as(finance)
    given, open_one = offered(workshop, 2)
    page = client.get(f"/rewards/{workshop.pk}/").content.decode()
    assert "No cap limits how often it is delivered." in page
    address = f"/caps/new/?scope=reward&which={workshop.pk}&measure=occurrences"
    assert address.replace("&", "&amp;") in page
    new = client.get(address).content.decode()
    assert f'<option value="{workshop.pk}" selected>' in new
    assert client.post("/caps/new/", form(workshop)).status_code == 302
    assert client.post("/caps/new/", form(workshop, measure="value", limit="900")).status_code == 302
    spend(given.pk)
    cap = Cap.objects.get(measure="occurrences")
    assert "1 of 3 occurrences left until" in client.get(f"/rewards/{workshop.pk}/").content.decode()
    assert "1 occurrence spent and 1 occurrence reserved of 3 occurrences." in client.get("/caps/").content.decode()
    shown = client.get(f"/caps/{cap.pk}/").content.decode()
    assert "The reward “Workshop”" in shown
    assert "2 of 3 occurrences used by" in shown
    assert "$" not in shown.split("</h1>")[1]
    lines = b"".join(client.get(f"/caps/{cap.pk}/?format=csv").streaming_content).decode()  # type: ignore[attr-defined]
    assert lines.splitlines()[1].split(",")[5:7] == ["occurrences", "1"]
    assert open_one.account.name in shown


@pytest.mark.parametrize(
    ("wrong", "says"),
    [
        ({"limit": "2.50"}, "A limit of occurrences is a whole number"),
        ({"scope": "reward_kind", "scope_key": "service_credit"}, "No reward of this kind is delivered by people"),
    ],
)
def test_what_cannot_be_counted_is_refused_beside_its_field(
    finance: User, workshop: Reward, signed_in_as: SignIn, wrong: dict[str, str], says: str
) -> None:
    RewardFactory()
    response = signed_in_as(finance).post("/caps/new/", form(workshop) | wrong)
    assert says in response.content.decode()
    assert not Cap.objects.exists()


def test_an_automatic_reward_has_no_capacity(finance: User, signed_in_as: SignIn) -> None:
    credit = RewardFactory()
    client = signed_in_as(finance)
    assert "Capacity" not in client.get(f"/rewards/{credit.pk}/").content.decode()
    assert "handed over by a system" in client.post("/caps/new/", form(credit)).content.decode()


def test_a_changed_limit_stays_whole_and_speaks_of_occurrences(workshop: Reward) -> None:
    cap = CapFactory(measure="occurrences", limit=Decimal(4))
    asked(*offered(workshop, 3))
    values = clean(cap.pk, {"limit": "2"})
    assert values["limit"] == "2"
    assert CHANGEABLE_CAP.in_words_of is not None
    assert CHANGEABLE_CAP.in_words_of(cap.pk)("limit", values["limit"]) == "2 occurrences"
    assert impact(cap.pk, values)[0].startswith("3 occurrences are committed of the new 2 occurrences: new offers stop")
    with pytest.raises(DomainError, match="whole number"):
        clean(cap.pk, {"limit": "2.5"})


def test_the_forecast_counts_what_people_deliver_and_nothing_else(workshop: Reward) -> None:
    today = timezone.now().date()
    campaign = CampaignFactory(reward=workshop, live_since=timezone.now() - timedelta(days=9))
    for _ in range(3):
        OfferFactory(campaign=campaign, reward=workshop)
    OfferFactory()
    cap = CapFactory(measure="occurrences", limit=Decimal(4), period="total")
    Candidate.objects.create(
        campaign=campaign, account=AccountFactory(), cause_key="c", caused_on=today, outcome="capped", rule="cap:All"
    )
    found = asking(cap, Decimal(1), FOREVER, today, most_days=30)
    assert found is not None
    (row,) = found.campaigns
    # Three offers and one that a cap refused in 10 days: 12 in the next 30.
    assert (row.asked, row.days, row.said["expected"]) == (Decimal(4), 10, "12 occurrences")
    assert found.said == {"expected": "12 occurrences", "room": "1 occurrence", "short": "11 occurrences"}
    assert found.gone_on == today + timedelta(days=3)


def test_finance_is_alerted_in_occurrences(finance: User, workshop: Reward, signed_in_as: SignIn) -> None:
    CapFactory(name="Workshops", measure="occurrences", limit=Decimal(2))
    first, second = offered(workshop, 2)
    assert asked(first, second) == [True, True]
    spend(first.pk)
    home = signed_in_as(finance).get("/").content.decode()
    assert "1 occurrence spent and 1 occurrence reserved of 2 occurrences" in home
