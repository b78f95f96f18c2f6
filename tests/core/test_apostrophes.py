"""What is shown to people has typographic apostrophes: in templates, and in the strings of the code."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

from django.conf import settings

ROOT = Path(settings.BASE_DIR)
STRAIGHT = re.compile(r"[^\W\d_]'(?=[a-z])")
UNSHOWN = re.compile(r"\{% comment .*?endcomment %\}|\{#.*?#\}|\{%.*?%\}|\{\{.*?\}\}|<script.*?</script>", re.DOTALL)
# Names of companies, as people type them.
AS_TYPED = {"loyalty/demo/names.py"}


def strings_of(source: str) -> Iterator[tuple[int, str]]:
    """Every string of a module with its line, but for docstrings and the like, which nobody is shown."""
    tree = ast.parse(source)
    alone = {id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Expr)}
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in alone:
            yield node.lineno, node.value


def test_templates() -> None:
    found = {
        str(path.relative_to(ROOT)): words
        for path in (ROOT / "templates").rglob("*.html")
        if (words := [m.group() for m in STRAIGHT.finditer(UNSHOWN.sub("", path.read_text()))])
    }
    assert found == {}


def test_strings_of_the_code() -> None:
    files = [path for app in ("loyalty", "accounts", "rewards") for path in (ROOT / app).rglob("*.py")]
    found = [
        f"{name}:{line}: {text}"
        for path in files
        if (name := str(path.relative_to(ROOT))) not in AS_TYPED and "/migrations/" not in name
        for line, text in strings_of(path.read_text())
        if STRAIGHT.search(text)
    ]
    assert found == []


def test_a_straight_one_is_found() -> None:
    assert list(strings_of('def f():\n    """Nobody\'s."""\n    return "It isn\'t"')) == [(3, "It isn't")]
    assert STRAIGHT.search("It isn't")
    assert (
        STRAIGHT.sub("", UNSHOWN.sub("", "{% if x == 'a' %}{{ y|default:'b' }} ‘c’ the account’s"))
        == " ‘c’ the account’s"
    )
