"""The pictures of the README, taken from a running demo.

    uv run manage.py demo --json --port 8123 > demo.json
    uv run python -m tests.journeys.screens demo.json

The first argument is the file with the line that the demo printed (`-` reads standard
input), the second, if given, the folder to save to. Use a demo made for the purpose: a
cap is set, some credits are granted and a change is proposed, unless that was done before.
"""

import json
import shutil
import sys
from pathlib import Path
from typing import Any

from playwright.sync_api import Browser, Page, sync_playwright

FOLDER = Path(__file__).parents[2] / ".readme"
SIZE = {"width": 1440, "height": 900}
MILESTONE = "First custom report generated"
GRANTED = 3


class Demo:
    """A running demo, and windows of the people in it."""

    def __init__(self, browser: Browser, access: dict[str, Any], folder: Path) -> None:
        self.browser = browser
        self.address: str = access["url"]
        self.users: list[dict[str, str]] = access["users"]
        self.folder = folder

    def window(self, function: str) -> Page:
        """A window in which the first person of the function is signed in."""
        user = next(user for user in self.users if user["function"] == function)
        options = {"viewport": SIZE, "reduced_motion": "reduce", "color_scheme": "light", "locale": "en-GB"}
        page = self.browser.new_context(**options).new_page()  # type: ignore[arg-type]
        page.goto(f"{self.address}/sign-in/")
        page.get_by_label("Username").fill(user["username"])
        page.get_by_label("Password").fill(user["password"])
        with page.expect_navigation():
            page.get_by_role("button", name="Sign in").click()
        return page

    def take(self, page: Page, name: str) -> None:
        """Save what the window shows."""
        page.wait_for_load_state("networkidle")
        page.screenshot(path=self.folder / f"{name}.png")


def take_all(demo: Demo) -> None:
    """Home and queue of CS, the liability, and a change of a milestone before its decision."""
    cs, finance, product = demo.window("cs"), demo.window("finance"), demo.window("product")
    finance.goto(f"{demo.address}/liability/")
    if finance.get_by_text("Nothing is owed").count():
        _set_cap(finance, demo.address)
        for person in (cs, finance):
            _approve(person, demo.address)
    cs.goto(demo.address)
    demo.take(cs, "home")
    _open_first(cs, demo.address)
    demo.take(cs, "queue")
    finance.goto(f"{demo.address}/liability/")
    demo.take(finance, "liability")
    _propose(product, demo.address)
    demo.take(product, "change")


def _set_cap(finance: Page, address: str) -> None:
    finance.goto(f"{address}/caps/new/")
    finance.get_by_label("Name").fill("Programme, each month")
    finance.get_by_label("Limit", exact=True).fill("5000")
    with finance.expect_navigation():
        finance.get_by_role("button", name="Set the cap").click()


def _approve(person: Page, address: str) -> None:
    """Approve the first offers of the person's queue."""
    for _ in range(GRANTED):
        _open_first(person, address)
        person.get_by_role("button", name="Approve").click()
        person.locator("#messages").get_by_text("Approved").wait_for()


def _open_first(person: Page, address: str) -> None:
    """Open the first offer that waits for the person beside the list, by keyboard."""
    person.goto(f"{address}/offers/")
    person.keyboard.press("j")
    person.keyboard.press("Enter")
    person.get_by_role("region", name="Why this offer").wait_for()


def _propose(product: Page, address: str) -> None:
    """Open the change that waits for a decision; propose it first when none does."""
    product.goto(f"{address}/milestones/")
    product.get_by_role("link", name=MILESTONE).click()
    beside = product.get_by_role("region", name=MILESTONE, exact=True)
    beside.wait_for()
    if not beside.get_by_role("link", name="A change by").count():
        beside.get_by_label("Within days").fill("90")
        beside.get_by_label("Reason").fill("Only a report in the first three months tells that onboarding worked")
        with product.expect_navigation():
            beside.get_by_role("button", name="Propose").click()
    product.goto(f"{address}/changes/")
    product.get_by_role("link", name=MILESTONE).first.click()
    product.get_by_role("region", name="Impact").wait_for()


def main(arguments: list[str]) -> None:
    """Read the demo's line and take the pictures."""
    told = sys.stdin.read() if arguments[0] == "-" else Path(arguments[0]).read_text(encoding="utf-8")
    folder = Path(arguments[1]) if len(arguments) > 1 else FOLDER
    folder.mkdir(parents=True, exist_ok=True)
    chromium = shutil.which("chromium") or shutil.which("chromium-browser")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox"])
        take_all(Demo(browser, json.loads(told.strip().splitlines()[-1]), folder))
        browser.close()


if __name__ == "__main__":
    main(sys.argv[1:])
