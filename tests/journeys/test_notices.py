"""Being told: choosing how, reading the inbox, going where a notice leads."""

from collections.abc import Callable

import pytest
from playwright.sync_api import expect

from loyalty.core.notices.models import Notice
from loyalty.core.notices.verbs import tell
from loyalty.core.people.models import User
from tests.factories.people import PASSWORD
from tests.journeys.crowd import UNWISHED
from tests.journeys.visitor import Visitor


@pytest.mark.parametrize("scripts", [True, False])
def test_a_person_chooses_how_and_reads(
    enter: Callable[..., Visitor], transactional_db: None, finance: User, scripts: bool
) -> None:
    for n, words in enumerate(("A change to First report waits for you", *UNWISHED)):
        tell([finance.pk], f"k{n}", words, "/changes/")
    fay = enter(scripts=scripts)
    fay.sign_in(finance.username, PASSWORD)
    fay.page.get_by_role("link", name="Inbox").first.click()
    expect(fay.page.locator("[data-keys-list] [data-row]")).to_have_count(4)
    if scripts:
        fay.inspect("inbox")
    fay.page.get_by_role("button", name="A change to First report").click()
    expect(fay.page.get_by_role("heading", level=1)).to_have_text("Change requests")
    fay.go("/inbox/?view=unread")
    expect(fay.page.locator("[data-keys-list] [data-row]")).to_have_count(3)
    fay.page.get_by_role("button", name="Mark all as read").click()
    expect(fay.announced("3 notices marked as read.")).to_be_visible()
    assert not Notice.objects.filter(read_at=None).exists()

    fay.follow("Settings")
    if scripts:
        fay.inspect("settings", briefly=True)
    fay.page.get_by_role("navigation", name="Settings").get_by_role("link", name="Notices").click()
    fay.page.get_by_label("By Slack").select_option(label="At once")
    fay.allow = {422}
    fay.page.get_by_role("button", name="Keep").click()
    expect(fay.page.get_by_text("Slack needs the address")).to_be_visible()
    fay.page.get_by_label("Address of the Slack webhook").fill("https://hooks.slack.com/services/T0/B0/secret")
    fay.page.get_by_role("button", name="Keep").click()
    expect(fay.announced("Kept.")).to_be_visible()
    expect(fay.page.get_by_text("ends in …cret")).to_be_visible()
    if scripts:
        fay.inspect("notices")
