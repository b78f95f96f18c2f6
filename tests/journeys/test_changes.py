"""A change from proposal to its day: given back, dated, approved, brought back; and the audit that tells of it."""

from collections.abc import Callable
from datetime import timedelta

import pytest
from playwright.sync_api import expect

from loyalty.core.audit.sealing import seal
from loyalty.core.changes.models import ChangeRequest
from loyalty.core.changes.verbs import propose_or_apply, today
from loyalty.core.people.models import User
from tests.factories import MilestoneFactory
from tests.factories.people import PASSWORD
from tests.journeys.visitor import Visitor


@pytest.mark.usefixtures("transactional_db")
def test_a_change_is_given_back_dated_and_stopped(
    enter: Callable[..., Visitor], product: User, product_colleague: User
) -> None:
    change = propose_or_apply("milestone", MilestoneFactory().pk, {"count": 2}, "Two is a habit", acting_user=product)
    assert change is not None
    priya, pablo = enter(), enter(scripts=False)
    priya.sign_in(product.username, PASSWORD)
    pablo.sign_in(product_colleague.username, PASSWORD)
    pablo.allow = {422}
    pablo.go(f"/changes/{change.pk}/")
    pablo.page.get_by_role("button", name="Ask for changes").click()
    expect(pablo.page.get_by_text("Say what should change.")).to_be_visible()
    pablo.page.get_by_label("Note").fill("From next week on, please")
    pablo.page.get_by_role("button", name="Ask for changes").click()
    expect(pablo.announced("Given back with your note.")).to_be_visible()

    priya.go(f"/changes/?open={change.pk}")
    priya.page.get_by_text("Let it hold from another day").click()
    priya.page.get_by_label("Holds from").fill((today() + timedelta(days=7)).isoformat())
    priya.inspect("change-day")
    priya.page.get_by_role("button", name="Set the day").click()
    expect(priya.announced("The day is set.")).to_be_visible()

    pablo.go(f"/changes/{change.pk}/")
    pablo.page.get_by_role("button", name="Approve").click()
    expect(pablo.announced("Approved. It holds from its day on.")).to_be_visible()
    pablo.page.get_by_label("Note").fill("Not yet after all")
    pablo.page.get_by_role("button", name="Reject after all").click()
    expect(pablo.announced("Rejected.")).to_be_visible()
    assert ChangeRequest.objects.get().state == "rejected"


@pytest.mark.usefixtures("transactional_db")
def test_what_stood_before_is_brought_back(
    enter: Callable[..., Visitor], product: User, product_colleague: User
) -> None:
    change = propose_or_apply("milestone", MilestoneFactory().pk, {"count": 2}, "Two is a habit", acting_user=product)
    assert change is not None
    pablo = enter()
    pablo.sign_in(product_colleague.username, PASSWORD)
    pablo.go(f"/changes/{change.pk}/")
    pablo.page.get_by_role("button", name="Approve").click()
    expect(pablo.announced("Approved and applied.")).to_be_visible()
    pablo.page.get_by_text("Bring back what stood before").click()
    pablo.inspect("change-applied", briefly=True)
    pablo.page.get_by_label("Why back").fill("Two was too much")
    pablo.page.get_by_role("button", name="Draft the request").click()
    expect(pablo.announced("Drafted. Look at it, then submit it.")).to_be_visible()
    pablo.inspect("change-draft", briefly=True)
    pablo.page.get_by_role("button", name="Submit").click()
    expect(pablo.announced("Submitted.")).to_be_visible()
    assert list(ChangeRequest.objects.order_by("id").values_list("state", flat=True)) == ["applied", "pending"]

    seal()
    pablo.go("/audit/?q=milest")
    pablo.page.locator("[data-row] [data-open]").first.click()
    expect(pablo.page.get_by_text("Kept by seal")).to_be_visible()
    pablo.inspect("audit-sealed")
