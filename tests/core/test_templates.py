"""What every template must keep: the strict CSP, and icons that are drawn."""

import re
from pathlib import Path
from xml.etree import ElementTree

import pytest
from django.conf import settings
from django.contrib.staticfiles import finders
from django.template.loader import get_template

ROOT = Path(settings.BASE_DIR) / "templates"
TEMPLATES = sorted(str(path.relative_to(ROOT)) for path in ROOT.rglob("*.html"))
REFUSED_BY_CSP = {
    "a style attribute": re.compile(r"\sstyle\s*="),
    "an inline script": re.compile(r"<script(?![^>]*\ssrc=)"),
    "an inline style sheet": re.compile(r"<style\b"),
    "an event attribute": re.compile(r"\s(hx-on[:=-]|on(click|change|submit|input|load)\s*=)"),
    "a filter in hx-trigger": re.compile(r'hx-trigger="[^"]*\['),
    "script in hx-vals": re.compile(r"""hx-(vals|headers)=["']js:"""),
}
ICON = re.compile(r'(?:{%\s*icon\s+|icon_name=)"([\w-]+)"')


def source(name: str) -> str:
    """A template without its comments."""
    text = (ROOT / name).read_text(encoding="utf-8")
    return re.sub(r"{% comment %}.*?{% endcomment %}|{#.*?#}", "", text, flags=re.DOTALL)


@pytest.mark.parametrize("name", TEMPLATES)
def test_template_compiles_and_keeps_the_csp(name: str) -> None:
    get_template(name)
    text = source(name)
    assert [fault for fault, pattern in REFUSED_BY_CSP.items() if pattern.search(text)] == []


def test_every_icon_is_drawn() -> None:
    sprite = ElementTree.parse(Path(str(finders.find("loyalty/icons.svg"))))
    drawn = {symbol.get("id") for symbol in sprite.getroot()}
    used = {(name, icon) for name in TEMPLATES for icon in ICON.findall(source(name))}
    assert {(name, icon) for name, icon in used if icon not in drawn} == set()
