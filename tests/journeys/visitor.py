"""A person at a browser, watched: whatever the page complains about is collected."""

import os
from importlib.resources import files
from pathlib import Path
from typing import Any

from django.urls import reverse
from playwright.sync_api import BrowserContext, ConsoleMessage, Locator, Page

AXE = (files("axe_core_python") / "axe.min.js").read_text(encoding="utf-8")
WORTH_FAILING = {"serious", "critical"}
SCREENSHOTS = Path(__file__).parent / "screenshots"
WIDE, NARROW = {"width": 1440, "height": 900}, {"width": 390, "height": 844}
# A violation of the CSP is told to the console by Chromium, but not from every place; the event is.
TELL_CSP = """
document.addEventListener("securitypolicyviolation", (event) =>
  console.error(`CSP: ${event.violatedDirective} refused ${event.blockedURI} in ${event.sourceFile}`));
"""
# No rule that counts asks for the style sheets and media that axe would fetch beforehand.
RUN_AXE = """async (rules) => {
  const options = {resultTypes: ["violations"], preload: false};
  const found = await axe.run(document, {...options, ...(rules && {runOnly: rules})});
  return found.violations.map((v) => ({
    impact: v.impact, rule: v.id, help: v.help, where: v.nodes.map((n) => n.target.join(" ")),
  }));
}"""


class Visitor:
    """One browser window with its own cookies. `allow` holds the HTTP statuses that a journey means to provoke."""

    def __init__(self, context: BrowserContext, address: str) -> None:
        self.context = context
        self.address = address
        self.allow: set[int] = set()
        self.complaints: list[str] = []
        context.add_init_script(TELL_CSP)
        self.page: Page = context.new_page()
        self.page.on("console", self._hear)
        self.page.on("pageerror", lambda error: self.complaints.append(f"script error: {error}"))

    def go(self, path: str) -> None:
        """Open an address of the application."""
        self.page.goto(self.address + path)

    def sign_in(self, username: str, password: str) -> None:
        """Sign in the way a person does."""
        self.go(reverse("sign-in"))
        self.page.get_by_label("Username").fill(username)
        self.page.get_by_label("Password").fill(password)
        with self.page.expect_navigation():
            self.page.get_by_role("button", name="Sign in").click()

    def follow(self, label: str) -> None:
        """Go where the main navigation leads; a folded group is opened first."""
        navigation = self.page.get_by_role("navigation", name="Main")
        link = navigation.get_by_role("link", name=label)
        folded = navigation.locator("details:not([open]) > summary")
        while not link.count() and folded.count():
            folded.first.click()
        link.first.click()

    def announced(self, text: str) -> Locator:
        """What was told above the page, seen and heard."""
        return self.page.locator("#messages").get_by_text(text)

    def inspect(self, name: str, *, briefly: bool = False) -> None:
        """Look at the page in light and dark, wide and narrow: nothing serious for axe, nothing wider than the window.

        What stands on a page does not depend on its colours, so all rules are asked for wide and light and for
        narrow and dark, and those of contrast for the other two. `briefly` leaves these out: for a page whose
        colours were seen elsewhere.
        With SCREENSHOTS=1 each look is kept as a picture under that name.
        """
        # A click returns as soon as the next page is on its way; that one is meant, once it is there.
        self.page.wait_for_load_state()
        for width, size in (("wide", WIDE), ("narrow", NARROW)):
            for scheme in ("light", "dark"):
                is_for_colours = (width == "wide") != (scheme == "light")
                if briefly and is_for_colours:
                    continue
                self.page.set_viewport_size(size)  # type: ignore[arg-type]
                self.page.emulate_media(color_scheme=scheme)  # type: ignore[arg-type]
                look = f"{name}, {width}, {scheme}"
                too_wide = self.page.evaluate("document.documentElement.scrollWidth - innerWidth")
                assert too_wide <= 0, f"{look}: the page is {too_wide} px wider than the window"
                findings = self._axe(["color-contrast"] if is_for_colours else None)
                assert findings == [], f"{look}: {findings}"
                if os.environ.get("SCREENSHOTS"):
                    SCREENSHOTS.mkdir(exist_ok=True)
                    self.page.screenshot(path=SCREENSHOTS / f"{name}-{width}-{scheme}.png", full_page=True)
        self.page.emulate_media(color_scheme="light")
        self.page.set_viewport_size(WIDE)  # type: ignore[arg-type]
        assert self.complaints == [], self.complaints

    def _axe(self, rules: list[str] | None) -> list[dict[str, Any]]:
        """What is serious by these rules, or by all."""
        if not self.page.evaluate("typeof axe === 'object'"):
            self.page.evaluate(AXE)
        return [finding for finding in self.page.evaluate(RUN_AXE, rules) if finding["impact"] in WORTH_FAILING]

    def _hear(self, message: ConsoleMessage) -> None:
        if message.type not in {"error", "warning"}:
            return
        # Chromium tells every answer of 400 and above to the console; htmx does so too.
        if any(f"status of {status}" in message.text or f"Code {status}" in message.text for status in self.allow):
            return
        self.complaints.append(f"{message.type}: {message.text} ({self.page.url})")
