"""The browser of the journeys: Debian's Chromium against a live server.

Playwright's synchronous API keeps an event loop running in the test's thread, which
Django takes for asynchronous code. The loop lives only as long as a module of journeys,
and Django's guard is lifted only for as long.
"""

import os
import shutil
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta

import pytest
from django.conf import LazySettings
from playwright.sync_api import Browser, expect, sync_playwright
from pytest_django.live_server_helper import LiveServer

from accounts.sources.rules import Kind
from accounts.sources.verbs import create_source, make_key
from loyalty.core.people.models import User
from loyalty.shipped import ensure_shipped
from rewards.campaigns.models import Campaign
from tests.factories import FIRST_REPORT, run_since
from tests.journeys.doors import Product
from tests.journeys.visitor import WIDE, Visitor

HOW_TO_INSTALL = (
    "The browser journeys need Chromium: `apt-get install chromium` (Debian, Ubuntu), "
    "or set CHROMIUM_PATH to the executable of one that is installed."
)
PATIENCE_MS = 15_000


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    path = os.environ.get("CHROMIUM_PATH") or shutil.which("chromium") or shutil.which("chromium-browser")
    if not path:
        pytest.skip(HOW_TO_INSTALL)
    # Chromium refuses its sandbox to root.
    arguments = ["--no-sandbox"] if os.geteuid() == 0 else []
    with pytest.MonkeyPatch.context() as patch, sync_playwright() as playwright:
        patch.setenv("DJANGO_ALLOW_ASYNC_UNSAFE", "1")
        expect.set_options(timeout=PATIENCE_MS)
        chromium = playwright.chromium.launch(executable_path=path, args=arguments)
        yield chromium
        chromium.close()


@pytest.fixture
def enter(browser: Browser, live_server: LiveServer, settings: LazySettings) -> Iterator[Callable[..., Visitor]]:
    """Open a window for one more person (`scripts=False`: no JavaScript); at the end no page may have complained."""
    settings.SESSION_COOKIE_SECURE = settings.CSRF_COOKIE_SECURE = False
    visitors: list[Visitor] = []

    def open_window(*, scripts: bool = True) -> Visitor:
        context = browser.new_context(
            java_script_enabled=scripts,
            viewport=WIDE,  # type: ignore[arg-type]
            locale="en-GB",
            timezone_id="UTC",
            reduced_motion="reduce",  # colours are measured at rest, not on their way
        )
        context.set_default_timeout(PATIENCE_MS)
        visitors.append(Visitor(context, live_server.url))
        return visitors[-1]

    yield open_window
    complaints = [complaint for visitor in visitors for complaint in visitor.complaints]
    for visitor in visitors:
        visitor.context.close()
    assert complaints == []


@pytest.fixture
def campaign(transactional_db: None) -> Campaign:
    """All that ships, with the campaign on the first report live since yesterday."""
    ensure_shipped(effective_at=datetime(2026, 1, 1, tzinfo=UTC))
    return run_since(FIRST_REPORT, datetime.now(UTC) - timedelta(days=1))


@pytest.fixture
def customers_product(live_server: LiveServer, administrator: User) -> Product:
    """The product of the customers, with the key of a source that is there already."""
    source = create_source("Customer data platform", [Kind.ACCOUNT, Kind.USAGE], acting_user=administrator)
    return Product(live_server.url, make_key(source, acting_user=administrator))
