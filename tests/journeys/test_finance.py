"""Finance caps the programme, grants the credit, and follows it to the posting that owes it."""

import re
from collections.abc import Callable
from datetime import UTC, datetime
from decimal import Decimal
from io import StringIO

from django.core.management import call_command
from playwright.sync_api import expect

from loyalty.core.audit.models import AuditLine
from loyalty.core.people.models import User
from loyalty.core.people.rules import Function
from rewards.approvals.verbs import approve
from rewards.ledger.models import Posting
from rewards.offers.models import Offer
from tests.factories.people import PASSWORD
from tests.journeys.doors import Product
from tests.journeys.visitor import Visitor

CAP = "Programme, each month"


def test_a_credit_is_granted_inside_a_cap_and_owed_from_then_on(
    enter: Callable[[], Visitor], campaign: object, customers_product: Product, cs: User, finance: User
) -> None:
    customers_product.knows("northwind", "Northwind Traders", createdAt="2026-01-05")
    customers_product.reports("northwind")
    proposed = Offer.objects.get()
    approve(proposed.pk, function=Function.CS, digest=proposed.digest, note="", acting_user=cs)

    fay = enter()
    fay.sign_in(finance.username, PASSWORD)
    expect(fay.page.get_by_role("region", name="What we owe")).to_contain_text("$0.00")
    fay.inspect("home-finance")
    _set_the_cap(fay)
    cap = fay.page.get_by_role("row").filter(has_text=CAP)
    expect(cap.get_by_role("cell")).to_contain_text(["", "30 % used", "$0.00", "$300.00", "$1,000.00", "$700.00", ""])
    fay.inspect("caps")

    fay.follow("Queue")
    fay.page.get_by_role("link", name="Northwind Traders").click()
    offer = fay.page.get_by_role("region", name="Offer to Northwind Traders")
    expect(offer.get_by_text("Approving grants $300.00 to Northwind Traders and books it as owed.")).to_be_visible()
    expect(offer.get_by_role("region", name="Cap room")).to_contain_text("$700.00 of $1,000.00 left")
    offer.get_by_role("button", name="Approve").click()
    expect(fay.announced("Approved and granted.")).to_be_visible()
    fay.inspect("offer-granted")

    fay.follow("Caps")
    expect(cap.get_by_role("cell")).to_contain_text(["", "30 % used", "$300.00", "$0.00", "$1,000.00", "$700.00", ""])
    _follow_the_liability(fay)

    answer = StringIO()
    call_command("check_ledger", stdout=answer)
    assert answer.getvalue().startswith("The ledger adds up: ")
    _read_the_audit(fay)


def _set_the_cap(fay: Visitor) -> None:
    """With a limit that makes no sense first: the form says so beside the field, and keeps the rest."""
    fay.follow("Caps")
    expect(fay.page.get_by_text("No cap is set")).to_be_visible()
    fay.page.get_by_role("link", name="Set a cap").first.click()
    fay.page.get_by_label("Name").fill(CAP)
    limit = fay.page.get_by_label("Limit", exact=True)
    limit.fill("a thousand")
    fay.allow = {422}
    fay.page.get_by_role("button", name="Set the cap").click()
    expect(limit).to_have_attribute("aria-invalid", "true")
    expect(limit).to_have_value("a thousand")
    expect(fay.page.get_by_label("Name")).to_have_value(CAP)
    fay.inspect("cap-refused")
    limit.fill("1000")
    fay.page.get_by_role("button", name="Set the cap").click()
    fay.follow("Caps")


def _follow_the_liability(fay: Visitor) -> None:
    """From what is owed today, through this month's roll-forward, to both sides of the posting."""
    month = f"{datetime.now(UTC):%b %Y}"
    fay.follow("Liability")
    expect(fay.page.locator("dl.figures > .figure").first).to_have_text(re.compile(r"Owed today, .*\$300\.00"))
    # The month stands in the forecast below, too.
    row = fay.page.get_by_role("row").filter(has=fay.page.get_by_role("link", name=month)).first
    expect(row.get_by_role("cell")).to_have_text(["$0.00", "$300.00", "$0.00", "$0.00", "$0.00", "$0.00", "$300.00"])
    fay.inspect("liability")
    # What was issued, and what is left of it, lead to their own pages.
    row.get_by_role("link", name="$300.00").first.click()
    behind = fay.page.get_by_role("table", name="Postings behind the figure")
    behind.get_by_role("row").filter(has_text="Northwind Traders").get_by_role("link").first.click()
    posting = fay.page.get_by_role("region", name="Posting")
    expect(posting.get_by_text("Balanced")).to_be_visible()
    fay.inspect("ledger-open")
    posting.get_by_role("link", name="Reverse this posting").click()
    expect(fay.page.get_by_role("button", name="Reverse $300.00")).to_be_visible()
    fay.inspect("posting-reverse", briefly=True)
    fay.page.get_by_role("link", name="Back").click()
    written = Posting.objects.get()
    assert sum(line.amount for line in written.lines.all()) == Decimal(0)
    posting.get_by_role("link", name="The offer, its evidence and who approved it").click()
    expect(fay.page.get_by_role("region", name="Offer to Northwind Traders")).to_be_visible()


def _read_the_audit(fay: Visitor) -> None:
    fay.page.get_by_role("link", name="The whole story in the audit").click()
    lines = fay.page.get_by_role("rowheader")
    expect(lines).to_contain_text(["Fay Okafor approved", "Cleo Martin approved", "The programme proposed"])
    fay.go("/audit/")
    fay.inspect("audit")
    assert set(AuditLine.objects.values_list("verb", flat=True)) >= {"grant_issued", "ledger_posted", "created"}
