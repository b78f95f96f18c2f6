"""The page of the RFM scores: cut points in force, who has which score, another measure of money."""

from collections.abc import Callable
from datetime import date
from decimal import Decimal

import pytest
from django.test import Client

from accounts.facts.scores.models import ScoreCuts
from accounts.facts.scores.queries import terms
from loyalty.core.changes.models import ChangeRequest
from loyalty.core.changes.verbs import approve
from loyalty.core.people.models import User
from tests.accounts.segments.standing import stand
from tests.accounts.segments.test_pages import rows_of, text_of

pytestmark = pytest.mark.django_db
SignIn = Callable[[User], Client]
PATH = "/segments/scores/"


@pytest.fixture
def cuts() -> ScoreCuts:
    """Cut points of the last quarter of 2026, from three accounts."""
    return ScoreCuts.objects.create(
        from_day=date(2026, 10, 2),
        taken_on=date(2026, 10, 1),
        quarter=date(2026, 10, 1),
        monetary="mrr",
        recency=[3, 10, 20, 40],
        frequency=[2, 20, 57, 150],
        money=[Decimal(n) for n in (100, 200, 300, 400)],
        counted_recency=3,
        counted_frequency=3,
        counted_money=3,
    )


@pytest.mark.usefixtures("cuts")
def test_the_cut_points_since_when_and_who_has_which_score(cs: User, signed_in_as: SignIn) -> None:
    stand("Acme", recency_score=5, frequency_score=1, monetary_score=3)
    stand("Beta", recency_score=5)
    client = signed_in_as(cs)
    page = text_of(client, PATH)
    assert '<time datetime="2026-10-02">2 Oct 2026</time>' in page
    assert '<time datetime="2027-01-01">1 Jan 2027</time>' in page
    assert "Score 5: 2; Score 4: 0; Score 3: 0; Score 2: 0; Score 1: 0; Unknown: 0." in page
    assert rows_of(client.get(f"{PATH}?format=csv"))[1:] == [
        ["Recency", "5", "at most 3 days", "2"],
        ["Recency", "4", "4 to 10 days", "0"],
        ["Recency", "3", "11 to 20 days", "0"],
        ["Recency", "2", "21 to 40 days", "0"],
        ["Recency", "1", "more than 40 days", "0"],
        ["Frequency", "5", "150 or more", "0"],
        ["Frequency", "4", "57 to 149", "0"],
        ["Frequency", "3", "20 to 56", "0"],
        ["Frequency", "2", "2 to 19", "0"],
        ["Frequency", "1", "below 2", "1"],
        ["Monetary", "5", "$400.00 or more", "0"],
        ["Monetary", "4", "$300.00 to below $400.00", "0"],
        ["Monetary", "3", "$200.00 to below $300.00", "1"],
        ["Monetary", "2", "$100.00 to below $200.00", "0"],
        ["Monetary", "1", "below $100.00", "0"],
    ]


def test_without_cut_points_the_page_says_when_there_will_be_some(cs: User, signed_in_as: SignIn) -> None:
    assert "No cut points yet" in text_of(signed_in_as(cs), PATH)


def test_another_measure_of_money_is_decided_by_finance(
    cuts: ScoreCuts, cs: User, finance: User, signed_in_as: SignIn
) -> None:
    client = signed_in_as(cs)
    refused = client.post(PATH, {"monetary": "arr", "reason": ""})
    assert refused.status_code == 422
    assert client.post(PATH, {"monetary": "mrr", "reason": "As before"}).status_code == 409
    assert client.post(PATH, {"monetary": "tea", "reason": "Why not"}).status_code == 422
    assert ChangeRequest.objects.count() == 0

    proposed = client.post(PATH, {"monetary": "arr", "reason": "Contracts differ in length"})
    change = ChangeRequest.objects.get()
    assert (proposed["Location"], change.owner_function) == (f"/changes/{change.pk}/", "finance")
    assert "A change by Cleo Martin" in text_of(client, PATH)
    assert f'<a href="{PATH}">RFM scores</a>' in text_of(client, f"/changes/{change.pk}/")
    assert terms().monetary == "mrr"
    approve(change.pk, digest=change.digest, acting_user=finance)
    assert terms().monetary == "arr"
