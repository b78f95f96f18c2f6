"""Customer Success and a contact: who they are, what they let us see, the quiz, and being forgotten."""

import json
from collections.abc import Callable

import pytest
from playwright.sync_api import expect

from accounts.contacts.models import QuizAnswer
from accounts.privacy.models import Consent
from accounts.records.models import Contact
from accounts.usage.models import Event
from loyalty.core.people.models import User
from tests.factories.people import PASSWORD
from tests.journeys.doors import Product
from tests.journeys.visitor import NARROW, Visitor

NAME = "Ann Achebe"


@pytest.fixture
def ann(customers_product: Product) -> Contact:
    """A person of Northwind, who made three reports."""
    customers_product.knows("northwind", "Northwind Traders", createdAt="2026-01-05")
    traits = {"name": NAME, "email": "ann@northwind.example"}
    customers_product.batch([{"type": "identify", "userId": "northwind-ann", "traits": traits}])
    for number in range(3):
        customers_product.reports("northwind", number=number)
    return Contact.objects.get(external_id="northwind-ann")


@pytest.fixture
def cleo(enter: Callable[[], Visitor], cs: User, ann: Contact) -> Visitor:
    """CS on the page of the contact, reached from the account."""
    window = enter()
    window.sign_in(cs.username, PASSWORD)
    window.follow("Accounts")
    window.page.get_by_role("link", name="Northwind Traders").first.click()
    window.go(f"/accounts/{ann.account_id}/")
    window.page.get_by_role("link", name=NAME).first.click()
    expect(window.page.get_by_role("heading", level=1, name=NAME)).to_be_visible()
    return window


def test_a_role_and_consent_are_written_down(cleo: Visitor, ann: Contact) -> None:
    page = cleo.page
    expect(page.get_by_text("No consent is on record.")).to_be_visible()
    expect(page.get_by_role("region", name="What they did")).to_contain_text("Not shown")
    cleo.inspect("contact-without-consent")
    page.get_by_role("button", name="Make champion").click()
    expect(cleo.announced(f"{NAME} is champion now.")).to_be_visible()

    cleo.allow = {422}
    page.get_by_label("Version of the privacy policy").fill("§ 3")
    page.get_by_role("button", name="Write it down").click()
    expect(page.get_by_text("Use letters, digits, spaces, dots, hyphens and underscores")).to_be_visible()
    cleo.inspect("contact-consent-refused")
    page.get_by_label("Version of the privacy policy").fill("2026-03")
    page.get_by_role("button", name="Write it down").click()
    expect(cleo.announced("Written down.")).to_be_visible()
    expect(page.get_by_role("region", name="What they did")).to_contain_text("Custom Report Generated")
    cleo.inspect("contact")
    assert Consent.objects.get(contact=ann).policy_version == "2026-03"
    ann.refresh_from_db()
    assert ann.role == "champion"


def test_the_quiz_is_answered_on_a_phone_without_sign_in_or_scripts(
    cleo: Visitor, ann: Contact, enter: Callable[..., Visitor]
) -> None:
    cleo.page.get_by_role("button", name="Make a link to the quiz").click()
    link = cleo.page.get_by_label("Link to the quiz").input_value()
    cleo.inspect("contact-quiz-link")
    cleo.page.reload()
    expect(cleo.page.get_by_label("Link to the quiz")).to_have_count(0)

    stranger = enter(scripts=False)
    stranger.page.set_viewport_size(NARROW)  # type: ignore[arg-type]
    stranger.page.goto(link)
    stranger.allow = {422}
    stranger.page.get_by_label("What do you want to reach with the product?").fill("Fewer hours of reporting")
    stranger.page.get_by_role("button", name="Send my answers").click()
    expect(stranger.page.get_by_text("This field is required.").first).to_be_visible()
    expect(stranger.page.get_by_label("What do you want to reach with the product?")).to_have_value(
        "Fewer hours of reporting"
    )
    stranger.page.get_by_label("Training or a workshop").check()
    stranger.page.get_by_label("Yes, you may").check()
    stranger.page.get_by_role("button", name="Send my answers").click()
    expect(stranger.page.get_by_role("heading", name="Thank you")).to_be_visible()
    stranger.page.goto(link)
    expect(stranger.page.get_by_role("heading", name="Thank you")).to_be_visible()
    assert QuizAnswer.objects.get().contact == ann

    cleo.page.reload()
    quiz = cleo.page.get_by_role("region", name="Preference quiz")
    expect(quiz).to_contain_text("Fewer hours of reporting")
    expect(cleo.page.get_by_text("Consents. Offers may be addressed to them")).to_be_visible()
    cleo.inspect("contact-quiz-answered")


def test_the_quiz_looks_right_and_says_when_a_link_is_no_good(enter: Callable[..., Visitor], cleo: Visitor) -> None:
    cleo.page.get_by_role("button", name="Make a link to the quiz").click()
    link = cleo.page.get_by_label("Link to the quiz").input_value()
    stranger = enter()
    stranger.page.goto(link)
    expect(stranger.page.get_by_role("heading", name="What would you like?")).to_be_visible()
    stranger.inspect("quiz")
    stranger.allow = {404}
    stranger.page.goto(link[:-9] + "/")
    expect(stranger.page.get_by_role("heading", name="This link does not work")).to_be_visible()
    stranger.inspect("quiz-wrong-link")


def test_all_that_is_held_is_handed_out_and_then_erased(cleo: Visitor, ann: Contact) -> None:
    with cleo.page.expect_download() as handed_out:
        cleo.page.get_by_role("link", name="Export all that is held").click()
    held = json.loads(handed_out.value.path().read_text(encoding="utf-8"))
    assert "ann@northwind.example" in json.dumps(held)

    cleo.page.get_by_role("link", name="Erase this contact").click()
    cleo.inspect("contact-erase")
    cleo.allow = {422}
    cleo.page.get_by_role("button", name="Erase this contact").click()
    expect(cleo.page.get_by_text("This field is required.").first).to_be_visible()
    assert Contact.objects.get(pk=ann.pk).name == NAME
    cleo.page.get_by_label("I understand that this cannot be undone").check()
    cleo.page.get_by_role("button", name="Erase this contact").click()
    expect(cleo.announced("Erased. Nothing that names them is kept.")).to_be_visible()
    expect(cleo.page.get_by_role("heading", level=1, name="An erased contact")).to_be_visible()
    assert NAME not in cleo.page.content()
    cleo.inspect("contact-erased")
    assert Event.objects.filter(contact=ann).count() == 3
    cleo.go(f"/search/?q={NAME.split()[1]}")
    expect(cleo.page.get_by_text("ann@northwind.example")).to_have_count(0)
