"""What templates are given to write with."""

from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path
from xml.etree import ElementTree

import pytest
import time_machine
from django.contrib.staticfiles import finders
from django.template import Context, Template
from django.template.loader import render_to_string

from loyalty.core.statuses import FACES, TONES, face_of

NOON = datetime(2026, 11, 14, 12, 0, tzinfo=UTC)


def written(source: str, **context: object) -> str:
    return Template(source).render(Context(context))


@pytest.mark.parametrize(
    ("source", "value", "expected"),
    [
        ("{{ v|money }}", Decimal("1234.5"), "$1,234.50"),
        ("{{ v|money }}", Decimal(-40), "−$40.00"),
        ("{{ v|money:'EUR' }}", 7, "€7.00"),
        ("{{ v|money }}", None, "—"),
        ("{{ v|money }}", Decimal(0), "$0.00"),
        ("{{ v|money_delta }}", Decimal(40), "+$40.00"),
        ("{{ v|money_delta }}", None, "—"),
        ("{{ v|number }}", 12345, "12,345"),
        ("{{ v|number }}", 0, "0"),
        ("{{ v|number }}", None, "—"),
        ("{{ v|percent }}", Decimal("0.03"), "3.0\u00a0%"),
        ("{{ v|percent:0 }}", Decimal("0.9"), "90\u00a0%"),
        ("{{ v|delta }}", -4, "−4"),
        ("{{ v|delta }}", 0, "0"),
        ("{{ v|day }}", date(2026, 11, 14), '<time datetime="2026-11-14">14 Nov 2026</time>'),
        ("{{ v|day }}", NOON, '<time datetime="2026-11-14">14 Nov 2026</time>'),
        ("{{ v|day }}", None, "—"),
        ("{{ v|when }}", None, "—"),
        ("{{ v|moment }}", NOON, '<time datetime="2026-11-14T12:00:00+00:00">14 Nov 2026, 12:00 UTC</time>'),
    ],
)
def test_filters(source: str, value: object, expected: str) -> None:
    assert written(source, v=value) == expected


@time_machine.travel(datetime(2026, 11, 14, 15, 30, tzinfo=UTC), tick=False)
def test_when_is_relative_with_the_exact_moment_on_hover() -> None:
    assert written("{{ v|when }}", v=NOON) == (
        '<time datetime="2026-11-14T12:00:00+00:00" title="14 Nov 2026, 12:00 UTC">3 h ago</time>'
    )


def test_icon_is_silent_unless_labelled() -> None:
    assert written('{% icon "check" %}') == (
        '<svg class="icon" aria-hidden="true"><use href="/static/loyalty/icons.svg#check"/></svg>'
    )
    assert 'role="img" aria-label="Late &amp; open"' in written("{% icon 'clock' label %}", label="Late & open")


def test_badge_is_a_word_and_an_icon() -> None:
    shown = written("{% badge v %}", v="in_approval")
    assert shown.startswith('<span class="status tone-warn"><svg class="icon"')
    assert shown.endswith("</svg>In approval</span>")


def test_badge_escapes_what_it_does_not_know() -> None:
    shown = written("{% badge v %}", v="<b>odd_state")
    assert "&lt;b&gt;odd state</span>" in shown
    assert "<b>" not in shown


def test_every_face_has_a_known_tone_and_an_icon_of_the_sprite() -> None:
    sprite = ElementTree.parse(Path(str(finders.find("loyalty/icons.svg"))))
    drawn = {symbol.get("id") for symbol in sprite.getroot()}
    assert {face.icon for face in FACES.values()} - drawn == set()
    assert {face.tone for face in FACES.values()} - set(TONES) == set()
    assert face_of("never_seen").word == "Never seen"


def test_a_title_is_written_once_and_shown_twice() -> None:
    page = Template('{% extends "base.html" %}{% block title %}Caps of {{ year }}{% endblock %}')
    html = page.render(Context({"year": 2026}))
    assert "<title>Caps of 2026 · Loyalty</title>" in html
    assert "<h1>Caps of 2026</h1>" in html


@pytest.mark.parametrize("name", ["400", "403", "404", "500", "503", "csrf"])
def test_error_pages_need_no_context(name: str) -> None:
    html = render_to_string(f"errors/{name}.html")
    assert html.count("<h1>") == 1
    assert "style=" not in html


def test_evidence_says_it_in_words_before_figures() -> None:
    evidence = {
        "words": ["27 of 30 seats active on 14 Nov"],
        "facts": [{"name": "Seats active", "value": "27", "threshold": "27", "day": date(2026, 11, 14), "met": True}],
        "terms": [{"name": "Rule", "value": "version 3"}],
        "events": [{"name": "<script>", "at": NOON}],
    }
    html = render_to_string("core/shell/_evidence.html", {"evidence": evidence})
    places = [html.index(text) for text in ("27 of 30 seats", "<table", "version 3", "1 event behind it")]
    assert places == sorted(places)
    assert "&lt;script&gt;" in html
    assert "<script>" not in html


@pytest.mark.parametrize(("finished", "asks_again"), [(False, True), (True, False)])
def test_progress_asks_again_until_it_is_done(finished: bool, asks_again: bool) -> None:
    job = {"id": 7, "label": "Facts", "done": 214, "total": 1400, "finished": finished}
    html = render_to_string("core/shell/_progress.html", {"job": job, "poll_url": "/jobs/7/"})
    assert ('hx-get="/jobs/7/" hx-trigger="every 1s"' in html) is asks_again
    assert "214 of 1,400" in html
