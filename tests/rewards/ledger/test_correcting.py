"""Finance reverses a mistake on the page: with what it moves before, once, and never what something else holds."""

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal

import pytest
from django.test import Client
from django.utils import timezone

from accounts.records.models import Invoice
from loyalty.core.audit.models import AuditLine
from loyalty.core.people.models import User
from rewards.caps.models import CapPeriod
from rewards.caps.verbs import reserve, spend
from rewards.delivery.invoices.models import InvoiceCredit
from rewards.ledger.models import Posting
from rewards.ledger.queries import liability
from rewards.ledger.reconciliation import check
from rewards.ledger.rules import issue_key
from rewards.ledger.verbs import expire_lot, redeem
from rewards.offers.handing import deliver
from rewards.offers.models import Grant
from tests.factories import CapFactory
from tests.factories.grants import granted
from tests.faults.clients import request_for

pytestmark = pytest.mark.django_db
SignIn = Callable[[User], Client]
MISTAKE = {"reason": "Typed twice"}


@pytest.fixture
def grant() -> Grant:
    """A credit of $300.00, issued today."""
    return granted("300.00", issued_on=timezone.now().date())


def issue_of(grant: Grant) -> Posting:
    return Posting.objects.get(key=issue_key(grant.pk))


def use(grant: Grant, amount: str = "40.00") -> Posting:
    of = {"request": "r", "invoice": "in-1", "booked_on": timezone.now().date(), "acting_user": None}
    return redeem(grant.account_id, Decimal(amount), "USD", **of)  # type: ignore[arg-type]


def text(client: Client, posting: Posting) -> str:
    return client.get(f"/ledger/{posting.pk}/reverse").content.decode()


def try_to(client: Client, posting: Posting, status: int, words: str) -> None:
    """It is refused in these words, and nothing is booked."""
    before = Posting.objects.count(), liability("USD")
    answer = client.post(f"/ledger/{posting.pk}/reverse", MISTAKE)
    assert (answer.status_code, words in answer.content.decode()) == (status, True)
    assert (Posting.objects.count(), liability("USD")) == before


def test_an_issue_takes_its_offer_and_its_room_along(
    grant: Grant, finance: User, cs: User, signed_in_as: SignIn
) -> None:
    CapFactory()
    assert reserve([replace(request_for(grant.offer), day=timezone.now().date())])[grant.offer_id].ok
    spend(grant.offer_id)
    deliver(grant.offer_id, acting_user=cs)
    granted("20.00", account=grant.account, issued_on=timezone.now().date())
    client, posting = signed_in_as(finance), issue_of(grant)
    assert f'href="/ledger/{posting.pk}/reverse"' in client.get(f"/ledger/{posting.pk}/").content.decode()
    page = text(client, posting)
    told = [f"<dd>{amount}</dd>" in page for amount in ("$320.00", "$20.00")]
    assert (told, "Reverse $300.00" in page, "is withdrawn" in page) == ([True, True], True, True)
    assert client.post(f"/ledger/{posting.pk}/reverse", {"reason": " "}).status_code == 422
    assert Posting.objects.filter(kind="reverse").count() == 0

    answer = client.post(f"/ledger/{posting.pk}/reverse", MISTAKE)

    reversal = Posting.objects.get(reverses=posting)
    assert (answer.status_code, answer["Location"]) == (302, f"/ledger/{reversal.pk}/")
    assert (reversal.cause, reversal.booked_on) == ("Reversal: Typed twice", timezone.now().date())
    grant.offer.refresh_from_db()
    assert (grant.offer.state, CapPeriod.objects.get().spent, liability("USD")) == ("withdrawn", 0, 20)
    lines = AuditLine.objects.filter(actor=finance, reason="Typed twice").order_by("id")
    assert list(lines.values_list("verb", flat=True)) == ["ledger_posted", "offer_withdrawn"]
    try_to(client, posting, 409, "was reversed before")
    try_to(client, reversal, 409, "Only credit that was issued or used")
    assert "/reverse" not in client.get(f"/ledger/{posting.pk}/").content.decode()
    assert check().problems == []


def test_a_use_gives_the_credit_back_and_one_on_an_invoice_stays(
    grant: Grant, finance: User, signed_in_as: SignIn
) -> None:
    client, used = signed_in_as(finance), use(grant)
    try_to(client, issue_of(grant), 409, "$40.00 of this credit was used or has lapsed")
    assert "<textarea" not in text(client, issue_of(grant))
    invoice = Invoice.objects.create(
        account=grant.account, external_id="in-1", number="A-1", status="open", currency="USD",
        due=4000, paid=0, issued_at=timezone.now(), told_at=timezone.now(), told_as="1",
    )  # fmt: skip
    held, _ = InvoiceCredit.objects.update_or_create(
        invoice=invoice, defaults={"state": "applied", "amount": 40, "posting": used}
    )
    assert "Invoice A-1 was lowered by this credit" in text(client, used)
    try_to(client, used, 409, "Void it in billing")
    held.delete()
    page = text(client, used)
    assert [f"<dd>{amount}</dd>" in page for amount in ("$260.00", "$300.00")] == [True, True]
    assert client.post(f"/ledger/{used.pk}/reverse", MISTAKE).status_code == 302
    grant.offer.refresh_from_db()
    assert (grant.offer.state, liability("USD"), check().problems) == ("approved", 300, [])


def test_it_is_for_finance_and_anybody_else_is_told_so(grant: Grant, cs: User, signed_in_as: SignIn) -> None:
    client, posting = signed_in_as(cs), issue_of(grant)
    assert "/reverse" not in client.get(f"/ledger/{posting.pk}/").content.decode()
    page = text(client, posting)
    assert ("Finance reverses postings" in page, "<textarea" in page) == (True, False)
    try_to(client, posting, 403, "This belongs to Finance")
    line = AuditLine.objects.get(verb="refused")
    assert (line.actor, line.object_type, line.object_id) == (cs, "posting", str(posting.pk))
    grant.offer.refresh_from_db()
    assert grant.offer.state == "approved"


def test_what_expired_is_granted_anew_instead(finance: User, signed_in_as: SignIn) -> None:
    today = timezone.now().date()
    old = granted("9.00", issued_on=today - timedelta(days=9), days=3)
    expiry = expire_lot(old.lot.pk, booked_on=today, acting_user=None)
    assert expiry is not None
    try_to(signed_in_as(finance), expiry, 409, "Only credit that was issued or used")
    assert signed_in_as(finance).get("/ledger/999999/reverse").status_code == 404
