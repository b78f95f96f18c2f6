"""The floors of the house and what its tools allow, as stated in pyproject.toml."""

import re
from pathlib import Path

import pytest
from importlinter.cli import lint_imports

ROOT = Path(__file__).resolve().parent.parent
PACKAGES = ("loyalty", "accounts", "rewards", "tests")
LONGEST = 400
BAD_NAMES = {"utils", "helpers", "common", "services", "managers", "misc"}
TOP_LEVEL = {"manage.py", "pyproject.toml", "README.md", "loyalty", "accounts", "rewards", "templates", "tests"}
# Words that promise what is not there.
UNFINISHED = re.compile(r"\b(TO" r"DO|FIX" r"ME|XX" r"X)\b|[Cc]oming so" r"on")


def our_files(*suffixes: str) -> list[Path]:
    found = [p for package in (*PACKAGES, "templates") for p in (ROOT / package).rglob("*") if p.suffix in suffixes]
    return sorted(p for p in found if "__pycache__" not in p.parts)


def test_the_import_contracts_hold(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(ROOT)
    assert lint_imports(config_filename="pyproject.toml", no_cache=True) == 0


def test_the_top_level_is_exactly_this() -> None:
    allowed = TOP_LEVEL | {"LICENSE", "Dockerfile", "compose.yaml", "uv.lock"}
    assert {p.name for p in ROOT.iterdir() if not p.name.startswith(".")} - allowed - {"staticfiles"} == set()


@pytest.mark.parametrize("path", our_files(".py", ".html", ".css", ".js"), ids=lambda p: str(p.relative_to(ROOT)))
def test_a_file_is_one_idea(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    assert text.count("\n") <= LONGEST
    assert path.stem not in BAD_NAMES
    assert UNFINISHED.search(text) is None
