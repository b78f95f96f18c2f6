"""The shell: what every page has around it works by keyboard, by touch and in the dark."""

from collections.abc import Callable

import pytest
from playwright.sync_api import expect

from loyalty.core.people.models import User
from tests.factories.people import PASSWORD
from tests.journeys.visitor import NARROW, Visitor


@pytest.fixture
def visitor(enter: Callable[[], Visitor], cs: User) -> Visitor:
    """CS, signed in, at home."""
    window = enter()
    window.sign_in(cs.username, PASSWORD)
    return window


def test_sign_in_says_what_is_wrong_beside_the_form(enter: Callable[[], Visitor], cs: User) -> None:
    window = enter()
    window.allow = {400, 403, 422, 429}
    window.sign_in(cs.username, "not the password")
    expect(window.page.get_by_role("alert")).to_be_visible()
    expect(window.page.get_by_label("Username")).to_have_value(cs.username)
    window.inspect("sign-in")


def test_home_is_sound(visitor: Visitor) -> None:
    expect(visitor.page.get_by_role("navigation", name="Main")).to_be_visible()
    visitor.inspect("home-cs")


@pytest.mark.parametrize(
    ("fault", "told"),
    [
        (
            "const i = new Image(); i.src = '/static/loyalty/favicon.svg'; document.querySelector('main').append(i)",
            "image-alt",
        ),
        ("document.querySelector('main').style.width = '3000px'", "wider than the window"),
        ("document.querySelector('main').setAttribute('style', 'color: red')", "style-src"),
        ("console.error('something went wrong')", "something went wrong"),
    ],
)
def test_an_inspection_finds_what_it_is_for(visitor: Visitor, fault: str, told: str) -> None:
    visitor.page.evaluate(fault)
    with pytest.raises(AssertionError, match=told):
        visitor.inspect("faulty", briefly=True)
    visitor.complaints.clear()


def test_a_missing_page_keeps_the_shell(visitor: Visitor) -> None:
    visitor.allow = {404}
    visitor.go("/no/such/page/")
    expect(visitor.page.get_by_role("heading", name="Nothing at this address")).to_be_visible()
    expect(visitor.page.get_by_role("navigation", name="Main")).to_be_visible()
    visitor.inspect("not-found")


def test_theme_is_chosen_and_kept(visitor: Visitor) -> None:
    button = visitor.page.get_by_role("button", name="Theme: automatic")
    button.click()
    visitor.page.get_by_role("button", name="Theme: light").click()
    expect(visitor.page.locator("html")).to_have_attribute("data-bs-theme", "dark")
    visitor.page.reload()
    expect(visitor.page.locator("html")).to_have_attribute("data-bs-theme", "dark")


def test_slash_goes_to_the_search_and_escape_comes_back(visitor: Visitor) -> None:
    link = visitor.page.get_by_role("navigation", name="Main").get_by_role("link", name="Accounts")
    link.focus()
    visitor.page.keyboard.press("/")
    search = visitor.page.get_by_role("searchbox")
    expect(search).to_be_focused()
    visitor.page.keyboard.type("j?")
    expect(search).to_have_value("j?")
    visitor.page.keyboard.press("Escape")
    expect(link).to_be_focused()


def test_shortcuts_are_explained_and_can_be_switched_off(visitor: Visitor) -> None:
    visitor.page.keyboard.press("?")
    help_dialog = visitor.page.get_by_role("dialog", name="Keyboard shortcuts")
    expect(help_dialog).to_be_visible()
    help_dialog.get_by_label("Single-key shortcuts on").uncheck()
    visitor.page.keyboard.press("Escape")
    expect(help_dialog).to_be_hidden()
    visitor.page.reload()
    visitor.page.keyboard.press("/")
    expect(visitor.page.get_by_role("searchbox")).not_to_be_focused()


def test_navigation_opens_as_a_drawer_on_a_narrow_window(visitor: Visitor) -> None:
    visitor.page.set_viewport_size(NARROW)  # type: ignore[arg-type]
    navigation = visitor.page.get_by_role("navigation", name="Main")
    expect(navigation).to_be_hidden()
    visitor.page.get_by_role("button", name="Menu").click()
    navigation.get_by_role("link", name="Accounts").click()
    expect(visitor.page.get_by_role("heading", level=1, name="Accounts")).to_be_visible()


def test_signing_out_ends_the_session(visitor: Visitor) -> None:
    visitor.page.get_by_text("Cleo Martin").first.click()
    visitor.page.get_by_role("button", name="Sign out").click()
    expect(visitor.page.get_by_role("heading", name="Sign in")).to_be_visible()
    visitor.go("/offers/")
    expect(visitor.page.get_by_role("heading", name="Sign in")).to_be_visible()
