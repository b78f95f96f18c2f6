"""Points and other currencies on the books: each unit balances by itself, and is told in the reporting currency."""

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import pytest
from django.test import Client
from time_machine import travel

from loyalty.core.errors import DomainError
from loyalty.core.people.models import User
from rewards.campaigns.worth import cost_so_far
from rewards.catalogue.rules import clean_values
from rewards.catalogue.verbs import EMPTY, create_reward
from rewards.ledger.queries import liability
from rewards.ledger.reconciliation import check
from rewards.ledger.rules import PostingKind, roll_forward
from rewards.ledger.translating import translate
from rewards.ledger.verbs import issue_credit, redeem
from rewards.offers.models import Grant, Offer
from rewards.offers.reward_impact import cost_of_reward_change
from rewards.rates.models import UnitRate
from rewards.rates.rules import Rates
from tests.factories import AccountFactory, OfferFactory

SignIn = Callable[[User], Client]
OCTOBER, NOVEMBER, TODAY = date(2026, 10, 1), date(2026, 11, 1), date(2026, 11, 22)


def given(amount: str, unit: str, day: date) -> Grant:
    """A credit in another unit, on the books."""
    offer: Offer = OfferFactory(
        face_value=Decimal(amount), discount_equivalent=Decimal(5), currency=unit, state="approved"
    )
    grant = Grant.objects.create(
        offer=offer,
        account=offer.account,
        face_value=offer.face_value,
        currency=unit,
        expires_on=day + timedelta(days=365),
    )
    issue_credit(grant, booked_on=day, acting_user=None)
    return grant


def rate(unit: str, day: date, per_unit: str) -> None:
    UnitRate.objects.create(unit=unit, reporting="USD", effective_on=day, per_unit=Decimal(per_unit), source="Test")


def test_what_rates_alone_moved_is_what_nothing_else_explains() -> None:
    rates = Rates("EUR", "USD", [(date(2026, 9, 1), Decimal("1.00")), (date(2026, 10, 20), Decimal("1.10"))])
    rows = roll_forward(
        [OCTOBER, NOVEMBER],
        Decimal(100),
        {(OCTOBER, PostingKind.ISSUE): Decimal(-50), (NOVEMBER, PostingKind.REDEEM): Decimal(30)},
    )
    moves = {
        date(2026, 10, 5): {PostingKind.ISSUE: Decimal(-50)},
        date(2026, 11, 2): {PostingKind.REDEEM: Decimal(30)},
    }
    october, november = translate(rows, moves, rates, TODAY)
    # 100 + 50 at 1.00, closing 150 at 1.10; then 33 used, closing 120 at 1.10.
    assert (october.moved.opening, october.moved.issued, october.remeasured, october.closing) == (100, 50, 15, 165)
    assert (november.moved.opening, november.moved.redeemed, november.remeasured, november.closing) == (165, 33, 0, 132)
    with pytest.raises(DomainError, match="No rate of EUR is known for 30 Sep 2026"):
        translate(rows[:1], moves, Rates("EUR", "USD", [(date(2026, 10, 1), Decimal(1))]), TODAY)


@pytest.mark.django_db
def test_each_unit_balances_by_itself_and_points_are_whole(finance: User, signed_in_as: SignIn) -> None:
    with travel(datetime(2026, 11, 22, 10, tzinfo=UTC), tick=False):
        points, euro = given("500", "PTS", date(2026, 10, 5)), given("80", "EUR", date(2026, 11, 3))
        use = {"invoice": "1", "booked_on": TODAY, "acting_user": None}
        with pytest.raises(DomainError, match="Points are whole"):
            redeem(points.account_id, Decimal("0.50"), "PTS", request="half", **use)
        with pytest.raises(DomainError, match=r"has \$0.00 of credit"):
            redeem(points.account_id, Decimal(1), "USD", request="other", **use)
        redeem(points.account_id, Decimal(200), "PTS", request="r", **use)
        assert (liability("PTS"), liability("EUR"), liability("USD")) == (300, 80, 0)
        assert check().problems == []
        client = signed_in_as(finance)
        page = client.get("/liability/?currency=PTS").content.decode()
        assert "<dd>300 points</dd>" in page
        assert "No rate of points is known for" in page
        assert "€80.00 cannot be told in USD" in client.get("/").content.decode()
        assert "No rate of points" in cost_so_far(points.offer.campaign).problem
        for unit, day, per_unit in (("PTS", OCTOBER, "0.01"), ("PTS", NOVEMBER, "0.02"), ("EUR", NOVEMBER, "1.10")):
            rate(unit, day, per_unit)
        page = client.get("/liability/?currency=PTS").content.decode()
        # 300 points at 2 cents and 80 EUR at 1.10
        assert "<dd>$94.00<span" in page
        # A week ago, on 15 November, nothing was used yet: 500 points and 80 EUR were $98.00.
        home = client.get("/").content.decode()
        assert ">$94.00</a>" in home
        assert "−$4.00 against a week ago" in home
        assert [cost_so_far(made.offer.campaign).credits for made in (points, euro)] == [5, 88]
        # 500 issued at 1 cent; at the end of October still 1 cent; then valued anew at 2 cents, 200 used.
        assert '<td class="num">+$5.00</td><td class="num">$6.00</td>' in page
        assert euro.account.name in client.get("/liability/left/?currency=EUR").content.decode()


@pytest.mark.django_db
def test_points_are_given_as_a_whole_number_and_worth_their_rate(finance: User) -> None:
    terms = {"name": "500 points", "face_value": "500.00", "delivery": "automatic", "accounting": "liability"}
    reward = create_reward("points", terms, acting_user=finance)
    assert (reward.currency, reward.value_words, reward.discount_equivalent) == ("PTS", "500 points", 0)
    for wrong in ({"face_value": "0.50"}, {"face_value": "0.00"}, {"value_basis": "percent_of_mrr", "percent": "5.00"}):
        with pytest.raises(DomainError, match="Points are given as a fixed, whole number"):
            clean_values("points", {**EMPTY, **terms}, wrong)
    rate("PTS", OCTOBER, "0.01")
    made = Grant.objects.create(
        offer=OfferFactory(reward=reward, discount_equivalent=Decimal("5.00"), state="approved"),
        account=AccountFactory(),
        face_value=Decimal(500),
        currency="PTS",
        expires_on=TODAY,
    )
    assert made.offer.equivalent_in == "USD"
    (told,) = cost_of_reward_change(reward.pk, {"value_basis": "fixed", "face_value": "1000.00"})
    assert told.endswith("worth $5.00; under the new terms the same grants would be $10.00.")
