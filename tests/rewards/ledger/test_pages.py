"""What Finance reads: the liability, the journal, one posting; as pages and as CSV."""

import csv
from collections.abc import Callable
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import pytest
import time_machine
from django.test import Client

from loyalty.core.people.models import User
from rewards.ledger.models import Posting
from rewards.ledger.verbs import issue_credit, redeem, reverse
from rewards.offers.models import Grant, Offer
from tests.factories import AccountFactory, OfferFactory

SignIn = Callable[[User], Client]
OCTOBER, NOVEMBER = date(2026, 10, 5), date(2026, 11, 20)


@pytest.fixture(autouse=True)
def _in_november() -> Any:
    with time_machine.travel("2026-11-22 10:00:00+00:00", tick=True):
        yield


def issued(day: date, name: str = "Northwind", **account: object) -> Posting:
    offer = OfferFactory(account=AccountFactory(name=name, **account))
    Offer.objects.filter(pk=offer.pk).update(state="approved")
    grant = Grant.objects.create(
        offer=offer,
        account_id=offer.account_id,
        face_value=Decimal("300.00"),
        currency="USD",
        expires_on=day + timedelta(days=365),
    )
    return issue_credit(grant, booked_on=day, acting_user=None)


def text_of(client: Client, address: str, status: int = 200) -> str:
    response = client.get(address)
    assert response.status_code == status
    return b"".join(response.streaming_content).decode() if response.streaming else response.content.decode()


def table(client: Client, address: str) -> list[dict[str, str]]:
    return list(csv.DictReader(text_of(client, address).lstrip("\N{ZERO WIDTH NO-BREAK SPACE}").splitlines()))


def test_the_roll_forward_leads_to_the_postings(finance: User, signed_in_as: SignIn) -> None:
    client = signed_in_as(finance)
    first = issued(OCTOBER)
    redeem(first.account_id, Decimal(50), "USD", request="r", invoice="1", booked_on=NOVEMBER, acting_user=None)
    reverse(issued(NOVEMBER), "By mistake", acting_user=finance, booked_on=NOVEMBER)
    page = text_of(client, "/liability/")
    assert "<dt>Owed today, <time" in page
    assert "<dd>$250.00</dd>" in page
    assert '<a href="/liability/moved/?currency=USD&amp;month=2026-11&amp;figure=reversed">$300.00</a>' in page
    assert "The months chained come to $250.00; the credit lots hold $250.00." in page
    rows = {r["month"]: r for r in table(client, "/liability/?format=csv")}
    assert len(rows) == 12
    assert list(rows["2026-10"].values()) == [
        "2026-10",
        "0.00",
        "300.00",
        "0.00",
        "0.00",
        "0.00",
        "0.00",
        "300.00",
        "USD",
    ]
    assert list(rows["2026-11"].values()) == [
        "2026-11",
        "300.00",
        "300.00",
        "50.00",
        "0.00",
        "300.00",
        "0.00",
        "250.00",
        "USD",
    ]


def test_what_was_before_the_twelve_months_is_the_opening(finance: User, signed_in_as: SignIn) -> None:
    issued(date(2024, 2, 29))
    rows = table(signed_in_as(finance), "/liability/?format=csv")
    assert (rows[0]["month"], rows[0]["opening"], rows[-1]["closing"]) == ("2025-12", "300.00", "300.00")


def test_empty_books_say_what_to_do(finance: User, signed_in_as: SignIn) -> None:
    client = signed_in_as(finance)
    assert "Nothing is owed" in text_of(client, "/liability/")
    assert "The books are open, and empty" in text_of(client, "/ledger/")
    assert "Nothing was booked that way" in text_of(client, "/ledger/?kind=expire")


def test_the_journal_filters_by_month_kind_and_customer(finance: User, signed_in_as: SignIn) -> None:
    client = signed_in_as(finance)
    october, november = issued(OCTOBER), issued(NOVEMBER, "Contoso")
    undone = reverse(november, "By mistake", acting_user=finance, booked_on=NOVEMBER)
    for query, expected in [
        ("", {october, november, undone}),
        ("month=2026-11", {november, undone}),
        ("month=2026-11&kind=issue", {november}),
        (f"account={october.account_id}", {october}),
        ("month=nonsense&kind=gift&account=-1", {october, november, undone}),
    ]:
        assert {int(r["posting"]) for r in table(client, f"/ledger/?{query}&format=csv")} == {p.pk for p in expected}


def test_the_journal_export_balances_line_by_line(finance: User, signed_in_as: SignIn) -> None:
    posting = issued(NOVEMBER, "=cmd|calc", external_id="@evil")
    rows = table(signed_in_as(finance), "/ledger/?format=csv")
    assert [(r["ledger account"], r["debit"], r["credit"]) for r in rows] == [
        ("reward_cost", "300.00", ""),
        ("credit_liability", "", "300.00"),
    ]
    assert {(r["customer"], r["customer id"], r["booked on"]) for r in rows} == {("'=cmd|calc", "'@evil", "2026-11-20")}
    assert {r["key"] for r in rows} == {posting.key}


def test_one_posting_shows_both_sides_and_its_offer(finance: User, signed_in_as: SignIn) -> None:
    client, posting = signed_in_as(finance), issued(NOVEMBER)
    offer = Offer.objects.get()
    page = text_of(client, f"/ledger/{posting.pk}/")
    for words in (f'href="/offers/{offer.pk}/"', "Cost of rewards", "$300.00", posting.key, "<h1>"):
        assert words in page
    came_from = "http://testserver/ledger/?kind=issue&open=1"
    headers = {"HX-Request": "true", "HX-Current-URL": came_from}
    beside = client.get(f"/ledger/{posting.pk}/", headers=headers).content.decode()
    assert 'data-close href="/ledger/?kind=issue"' in beside
    assert beside.lstrip().startswith(f'<section data-row="{posting.pk}"')
    assert "data-close" in text_of(client, f"/ledger/?open={posting.pk}")
    undone = reverse(posting, "By mistake", acting_user=finance, booked_on=NOVEMBER)
    assert f'href="/ledger/{undone.pk}/"' in text_of(client, f"/ledger/{posting.pk}/")
    text_of(client, f"/ledger/{undone.pk + 1}/", status=404)
