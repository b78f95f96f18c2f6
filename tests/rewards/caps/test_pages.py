"""The caps pages: who sees and sets what."""

import csv
from collections.abc import Callable
from decimal import Decimal

import pytest
from django.test import Client
from django.utils import timezone

from loyalty.core.audit.models import AuditLine
from loyalty.core.changes.models import ChangeRequest
from loyalty.core.people.models import User
from rewards.caps.models import Cap
from rewards.caps.rules import ReserveRequest
from rewards.caps.verbs import reserve, spend
from rewards.offers.models import Offer
from tests.factories import AccountFactory, CapFactory, OfferFactory

SignIn = Callable[[User], Client]
FORM = {
    "scope": "programme",
    "name": "Programme",
    "period": "month",
    "measure": "value",
    "limit": "1000.00",
    "at_the_cap": "refuse",
}


def reserved(offer: Offer) -> Offer:
    request = ReserveRequest(
        offer_id=offer.pk,
        account_id=offer.account_id,
        campaign_id=offer.campaign_id,
        function="cs",
        reward_kind="service_credit",
        amount=Decimal("300.00"),
        day=timezone.now().date(),
    )
    assert reserve([request])[offer.pk].ok
    return offer


def body(client: Client, address: str) -> str:
    response = client.get(address)
    assert response.status_code == 200
    return b"".join(response.streaming_content).decode() if response.streaming else response.content.decode()


def test_without_caps_finance_is_led_to_set_one_and_others_to_finance(
    finance: User, cs: User, signed_in_as: SignIn
) -> None:
    assert 'href="/caps/new/"' in body(signed_in_as(finance), "/caps/")
    page = body(signed_in_as(cs), "/caps/")
    assert "Finance sets caps" in page
    assert 'href="/caps/new/"' not in page


def test_finance_sets_a_cap_and_sees_what_is_taken(finance: User, signed_in_as: SignIn) -> None:
    client = signed_in_as(finance)
    OfferFactory()
    assert client.post("/caps/new/", FORM).status_code == 302
    spend(reserved(OfferFactory()).pk)
    page = body(client, "/caps/")
    assert "$300.00 spent and $300.00 reserved of $1,000.00." in page
    assert "60\N{NO-BREAK SPACE}% used, past half" in page
    rows = list(csv.DictReader(body(client, "/caps/?format=csv").splitlines()))
    assert [rows[0][name] for name in ("limit", "spent", "reserved", "room")] == [
        "1000.00",
        "300.00",
        "300.00",
        "400.00",
    ]


def test_nobody_else_sets_one_even_by_a_direct_post(cs: User, administrator: User, signed_in_as: SignIn) -> None:
    for person in (cs, administrator):
        response = signed_in_as(person).post("/caps/new/", FORM)
        assert response.status_code == 403
        assert "Finance sets caps" in response.content.decode()
    assert Cap.objects.count() == 0
    refused = AuditLine.objects.filter(verb="refused", object_type="cap").order_by("id")
    assert [line.actor for line in refused] == [cs, administrator]


def test_a_second_cap_on_the_same_thing_keeps_the_form(finance: User, signed_in_as: SignIn) -> None:
    client = signed_in_as(finance)
    client.post("/caps/new/", FORM)
    response = client.post("/caps/new/", FORM | {"name": "Another"})
    assert response.status_code == 409
    assert "limits the same thing per month already" in response.content.decode()
    assert 'value="Another"' in response.content.decode()


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"limit": "-1"}, "greater than or equal to 0"),
        ({"limit": "1.001"}, "2 decimal places"),
        ({"limit": "NaN"}, "Enter a number"),
        ({"name": ""}, "required"),
        ({"period": "week"}, "not one of the available choices"),
        ({"scope": "campaign", "scope_key": "99"}, "not one of the available choices"),
        ({"scope": "account", "scope_key": "Nobody"}, "No account has the id or the name “Nobody”."),
        ({"scope": "account", "scope_key": "Twins"}, "Several accounts are called “Twins”."),
    ],
)
def test_a_wrong_form_says_what_is_wrong_and_keeps_what_was_typed(
    finance: User, signed_in_as: SignIn, wrong: dict[str, str], said: str
) -> None:
    AccountFactory.create_batch(2, name="Twins")
    response = signed_in_as(finance).post("/caps/new/", FORM | wrong)
    assert said in response.content.decode()
    assert 'value="month" selected' in response.content.decode() or "period" in wrong
    assert Cap.objects.count() == 0


def test_a_cap_on_an_account_is_named_by_its_name_or_its_id(finance: User, signed_in_as: SignIn) -> None:
    client, account = signed_in_as(finance), AccountFactory(name="Northwind", external_id="crm-7")
    client.post("/caps/new/", FORM | {"scope": "account", "scope_key": "northwind"})
    client.post("/caps/new/", FORM | {"scope": "account", "scope_key": "crm-7", "period": "year"})
    assert set(Cap.objects.values_list("scope_key", flat=True)) == {str(account.pk)}
    assert "Account Northwind" in body(client, "/caps/")


def test_a_cap_tells_who_used_it(cs: User, signed_in_as: SignIn) -> None:
    cap, client = CapFactory(limit=Decimal("600.00")), signed_in_as(cs)
    first, second = reserved(OfferFactory()), reserved(OfferFactory())
    spend(first.pk)
    page = body(client, f"/caps/{cap.pk}/")
    for words in (first.account.name, second.account.name, f"/offers/{first.pk}/", "Spent", "Reserved", "$0.00"):
        assert words in page
    rows = list(csv.DictReader(body(client, f"/caps/{cap.pk}/?format=csv").splitlines()))
    assert [(r["account"], r["standing"], r["amount"]) for r in rows] == [
        (first.account.name, "spent", "300.00"),
        (second.account.name, "reserved", "300.00"),
    ]
    assert "Nothing was taken of it" in body(client, f"/caps/{cap.pk}/?period=2020-01-01")


def test_anybody_proposes_another_limit_and_nothing_changes_yet(cs: User, signed_in_as: SignIn) -> None:
    cap, client = CapFactory(), signed_in_as(cs)
    body(client, f"/caps/{cap.pk}/edit/")
    form = {"name": cap.name, "limit": "2000", "at_the_cap": "ask", "state": "on", "reason": "Growing"}
    response = client.post(f"/caps/{cap.pk}/edit/", form)
    change = ChangeRequest.objects.get()
    assert response["Location"] == f"/changes/{change.pk}/"
    assert (change.owner_function, change.proposed["limit"], change.proposed["is_hard"]) == (
        "finance",
        "2000.00",
        False,
    )
    cap.refresh_from_db()
    assert cap.limit == Decimal("1000.00")
    same = client.post(f"/caps/{cap.pk}/edit/", form | {"limit": "1000.00", "at_the_cap": "refuse"})
    assert same.status_code == 409
    assert 'role="alert"' in same.content.decode()
