"""Product raises the bar of a live milestone: proposed by one, decided by another, told by the audit."""

from collections.abc import Callable

import pytest
from playwright.sync_api import expect

from accounts.milestones.models import Milestone
from loyalty.core.people.models import User
from tests.factories.people import PASSWORD
from tests.journeys.doors import Product
from tests.journeys.visitor import Visitor

MILESTONE = "First custom report generated"
REASON = "One report may be an accident; two are a habit"


@pytest.mark.usefixtures("campaign")
def test_a_live_milestone_changes_only_by_two_people(
    enter: Callable[[], Visitor], customers_product: Product, product: User, product_colleague: User
) -> None:
    customers_product.knows("northwind", "Northwind Traders", createdAt="2026-01-05")
    customers_product.reports("northwind")

    priya = enter()
    priya.sign_in(product.username, PASSWORD)
    expect(priya.page.get_by_role("heading", name="Milestones reached this week")).to_be_visible()
    priya.inspect("home-product")
    priya.follow("Milestones")
    priya.page.get_by_role("link", name=MILESTONE).click()
    beside = priya.page.get_by_role("region", name=MILESTONE, exact=True)
    beside.get_by_label("How often").fill("2")
    preview = beside.locator("#preview")
    expect(preview).to_contain_text("Northwind Traders")
    priya.inspect("milestones-editing")

    propose = beside.get_by_role("button", name="Propose")
    priya.allow = {422}
    propose.click()
    told_beside = "Whoever decides reads it first. This field is required."
    expect(priya.page.get_by_label("Reason")).to_have_accessible_description(told_beside)
    expect(priya.page.get_by_label("How often")).to_have_value("2")
    priya.page.get_by_label("Reason").fill(REASON)
    priya.page.get_by_role("button", name="Propose").click()

    change = priya.page.get_by_role("region", name=f"Change to {MILESTONE}")
    expect(change.locator("del")).to_have_text(["once"])
    expect(change.locator("ins")).to_have_text(["2 times"])
    expect(change.get_by_role("region", name="Impact")).to_contain_text("Northwind Traders")
    expect(change.get_by_text("Nobody decides their own proposal")).to_be_visible()
    expect(change.get_by_role("button", name="Approve")).to_have_count(0)
    assert Milestone.objects.get(name=MILESTONE).count == 1

    pablo = enter()
    pablo.sign_in(product_colleague.username, PASSWORD)
    pablo.follow("Change requests")
    pablo.page.get_by_role("link", name=MILESTONE).click()
    waiting = pablo.page.get_by_role("region", name=f"Change to {MILESTONE}")
    expect(waiting.get_by_text(REASON)).to_be_visible()
    pablo.inspect("change-deciding")
    waiting.get_by_role("button", name="Approve").click()
    expect(pablo.announced("Approved and applied.")).to_be_visible()
    expect(pablo.page.locator("table").get_by_text("Applied")).to_be_visible()
    assert Milestone.objects.get(name=MILESTONE).count == 2

    waiting.get_by_role("link", name=MILESTONE).click()
    history = pablo.page.get_by_role("region", name="Versions").get_by_role("listitem")
    expect(history).to_have_count(2)
    expect(history.nth(0)).to_contain_text("Version 2: “Custom Report Generated” 2 times")
    expect(history.nth(1)).to_contain_text("Version 1: “Custom Report Generated” for the first time")
    pablo.page.get_by_role("link", name="The whole story in the audit").click()
    told = pablo.page.get_by_role("row").filter(has_text=MILESTONE)
    expect(told.first).to_contain_text("Pablo Reyes")
    told.first.get_by_role("link").click()
    line = pablo.page.get_by_role("complementary", name="Detail")
    expect(line.locator("del")).to_contain_text(["1"])
    expect(line.locator("ins")).to_contain_text(["2"])
    pablo.inspect("audit-line")
