"""Product edits a live streak and a track: opened beside the list, previewed while typing, proposed, restored."""

from collections.abc import Callable
from datetime import datetime, timedelta

import pytest
from django.utils import timezone
from playwright.sync_api import expect

from accounts.streaks.rules import StreakKind
from loyalty.core.people.models import User
from tests.accounts.streaks.by_hand import Done
from tests.accounts.streaks.company import do, serve
from tests.factories import AccountFactory, streak_factory
from tests.factories.people import PASSWORD
from tests.journeys.visitor import Visitor


def _days(count: int) -> list[datetime]:
    yesterday = timezone.now() - timedelta(days=1)
    return [yesterday - timedelta(days=n) for n in reversed(range(count))]


@pytest.mark.usefixtures("transactional_db")
def test_a_streak_is_edited_beside_its_list(enter: Callable[[], Visitor], product: User) -> None:
    streak = streak_factory(name="Exports day after day", length=3, within_days=90)
    streak_factory(StreakKind.TRACK, name="Power-user track", features=5, active_days=3, length=8)
    for name, days in (("Northwind Traders", 3), ("Contoso", 2)):
        account = AccountFactory(name=name, signed_up_on=timezone.now().date() - timedelta(days=10))
        do(account, *(Done(at) for at in _days(days)))
    serve(timezone.now().date())

    priya = enter()
    priya.sign_in(product.username, PASSWORD)
    priya.follow("Milestones")
    priya.page.get_by_role("link", name="Streaks", exact=True).click()
    priya.inspect("streaks")
    priya.page.get_by_role("link", name=streak.name).click()
    beside = priya.page.get_by_role("region", name=streak.name, exact=True)
    expect(beside.get_by_text("Northwind Traders").first).to_be_visible()
    beside.get_by_label("How many in a row").fill("2")
    expect(beside.locator("#preview")).to_contain_text("Adds 1 account: Contoso.")
    priya.inspect("streak-editing")
    beside.get_by_label("Reason").fill("Two days are a beginning")
    beside.get_by_role("button", name="Propose").click()
    expect(priya.announced("A member of Product who is not you decides it.")).to_be_visible()

    priya.go("/milestones/tracks/")
    priya.page.get_by_role("link", name="Power-user track", exact=True).click()
    expect(priya.page.get_by_role("region", name="Power-user track").get_by_label("Weeks running")).to_have_value("8")
    priya.inspect("track")
    priya.page.get_by_role("link", name="New power-user track").click()
    expect(priya.page.get_by_label("Different features a week")).to_have_value("5")
    priya.inspect("track-new", briefly=True)
