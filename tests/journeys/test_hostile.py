"""Fault row 27: scripts in names, notes, event properties and offers, on every page: none runs, CSP is silent."""

from collections.abc import Callable

import pytest
from django.urls import reverse
from playwright.sync_api import Error

from loyalty.core.people.models import User
from loyalty.core.people.rules import Function
from tests.factories import PersonFactory
from tests.factories.people import PASSWORD
from tests.journeys.hostile import let_every_text_attack
from tests.journeys.visitor import Visitor
from tests.url_matrix import EXPECTED, make_samples

# A script that stands in the page, or a mark that came out of a text.
RAN = """() => [
  window.attacked === true,
  [...document.scripts].filter((script) => !script.src).length,
  document.querySelectorAll("b[onclick], [onclick], [onerror], [onload]").length,
]"""


@pytest.mark.usefixtures("transactional_db")
def test_no_page_runs_what_it_shows(enter: Callable[..., Visitor], product_colleague: User) -> None:
    everybody = PersonFactory(functions=list(Function), is_administrator=True)
    samples = make_samples(product_colleague)
    assert let_every_text_attack() > 30
    eve = enter()
    eve.sign_in(everybody.username, PASSWORD)
    eve.allow = {400, 401, 403, 404, 405, 409, 422, 503}
    shown = 0
    for name, expected in EXPECTED.items():
        url = reverse(name, kwargs=expected.arguments(samples))
        if expected.signed_in["administrator"] not in (200, 302, 403) or url.startswith(("/v1/", "/webhooks/")):
            continue
        if _is_a_file(eve, url):
            continue
        assert eve.page.evaluate(RAN) == [False, 0, 0], f"{name} runs what it shows"
        assert eve.complaints == [], f"{name}: {eve.complaints}"
        shown += "attacked" in eve.page.content()
    assert shown > 30


def _is_a_file(eve: Visitor, url: str) -> bool:
    """Whether what is opened is saved, and no page."""
    try:
        eve.go(url)
    except Error as error:
        if "Download is starting" not in error.message:
            raise
        return True
    return False
