"""What stands behind each figure of the liability page: to the cent, as a page and as a file."""

import csv
import re
from collections.abc import Callable
from datetime import date
from decimal import Decimal

import pytest
import time_machine
from django.test import Client

from loyalty.core.people.models import User
from rewards.ledger.invoices import give_back
from rewards.ledger.models import CreditLot
from rewards.ledger.verbs import redeem, reverse
from rewards.offers.models import Grant
from tests.factories import AccountFactory, OfferFactory, SubscriptionFactory, SubscriptionTermFactory
from tests.factories.grants import granted

pytestmark = pytest.mark.django_db
SignIn = Callable[[User], Client]
OCTOBER, NOVEMBER = date(2026, 10, 5), date(2026, 11, 20)


@pytest.fixture
def client(finance: User, signed_in_as: SignIn) -> Client:
    return signed_in_as(finance)


@pytest.fixture
def books(finance: User) -> Grant:
    """$300 and $50 issued in October; in November $80 used, $30 of it given back, and the $50 reversed."""
    first, wrong = granted("300.00", issued_on=OCTOBER), granted("50.00", issued_on=OCTOBER)
    used = redeem(first.account_id, Decimal(80), "USD", request="r", invoice="1", booked_on=NOVEMBER, acting_user=None)
    give_back(used, Decimal(30), request="f", reason="Refunded", booked_on=NOVEMBER, acting_user=None)
    issue = CreditLot.objects.get(grant=wrong).lines.get().posting
    reverse(issue, "By mistake", acting_user=finance, booked_on=NOVEMBER)
    return first


def rows(client: Client, address: str) -> list[dict[str, str]]:
    answer = client.get(address)
    assert answer.status_code == 200
    text = b"".join(answer.streaming_content).decode()  # type: ignore[arg-type]
    return list(csv.DictReader(text.lstrip("\N{ZERO WIDTH NO-BREAK SPACE}").splitlines()))


@time_machine.travel("2026-11-22 10:00:00+00:00", tick=True)
def test_each_figure_of_the_roll_forward_leads_to_rows_that_sum_to_it(client: Client, books: Grant) -> None:
    page = client.get("/liability/").content.decode()
    # reversed is net: the $50 that was taken back, less the $30 that came back from a refund
    shown = {"issued": "350.00", "redeemed": "80.00", "reversed": "20.00"}
    for figure, amount in shown.items():
        month = "2026-10" if figure == "issued" else "2026-11"
        address = f"/liability/moved/?currency=USD&month={month}&figure={figure}"
        assert f'<a href="{address.replace("&", "&amp;")}">${amount}</a>' in page
        assert f"<dd>${amount}</dd>" in client.get(address).content.decode()
        assert sum(Decimal(row["amount"]) for row in rows(client, f"{address}&format=csv")) == Decimal(amount)
    for month, amount in (("2026-10", "350.00"), ("2026-11", "250.00")):
        address = f"/liability/left/?currency=USD&month={month}"
        assert f'<a href="{address.replace("&", "&amp;")}">${amount}</a>' in page
        assert sum(Decimal(row["left"]) for row in rows(client, f"{address}&format=csv")) == Decimal(amount)
    total = rows(client, "/liability/moved/?figure=reversed&format=csv")
    assert [(row["kind"], row["amount"]) for row in total] == [("reverse", "50.00"), ("give_back", "-30.00")]


@time_machine.travel("2026-11-22 10:00:00+00:00", tick=True)
def test_each_part_of_a_split_leads_to_its_lots(client: Client, books: Grant) -> None:
    offer = books.offer
    page = client.get("/liability/").content.decode()
    leads = re.findall(
        r'<a href="(/liability/left/\?currency=USD&amp;(?:campaign|reward|tier|segment|expires)=[^"]*)"', page
    )
    assert len(leads) == 5
    for lead in leads:
        (lot,) = rows(client, f"{lead.replace('&amp;', '&')}&format=csv")
        assert (lot["customer"], lot["campaign"], lot["left"]) == (books.account.name, offer.campaign.name, "250.00")
    other = client.get(f"/liability/left/?campaign={offer.campaign_id + 1000}")
    assert "Nothing is left" in other.content.decode()
    assert client.get("/liability/left/?campaign=x").status_code == 404
    assert client.get("/liability/moved/?figure=lost").status_code == 404
    assert client.get("/liability/moved/?month=2026-13").status_code == 404


@time_machine.travel("2026-11-22 10:00:00+00:00", tick=True)
def test_the_forecast_names_the_invoices_that_credits_lower(client: Client) -> None:
    account = AccountFactory(name="Northwind")
    term = {"mrr": Decimal("60.00"), "billing_frequency": "monthly", "renews_on": date(2026, 12, 10)}
    SubscriptionTermFactory(subscription=SubscriptionFactory(account=account), **term)
    granted("100.00", account=account, issued_on=NOVEMBER)
    granted("40.00", issued_on=NOVEMBER, days=30)  # a customer of whom no bill is known
    OfferFactory(face_value=Decimal(25), state="in_approval")
    found = rows(client, "/liability/forecast/?format=csv")
    assert [(r["day"], r["customer"], r["what"], r["invoice expected"], r["credit"]) for r in found[:2]] == [
        ("2026-12-10", "Northwind", "lowers an invoice", "60.00", "60.00"),
        ("2026-12-21", found[1]["customer"], "lapses", "", "40.00"),
    ]
    assert [(r["day"], r["credit"]) for r in found[2:]] == [("2027-01-10", "40.00")]
    page = client.get("/liability/forecast/?month=2027-01").content.decode()
    assert "1 in January 2027." in page
    # $140 in 90 days is $47.31 a month of a year of 365 days.
    for amount in ("$100.00", "$40.00", "$47.31", "$25.00 is proposed"):
        assert amount in page
    fragment = client.get("/liability/forecast/", headers={"HX-Request": "true"}).content.decode()
    assert fragment.startswith('<div id="forecast">')
