"""Which commands start engines, and as whom they connect."""

import pytest

from loyalty.engines.commands import needs_engines, role, take_data_dir


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("", False),
        ("--version", False),
        ("help", False),
        ("help migrate", False),
        ("migrate --help", False),
        ("check", False),
        ("check --database default", True),
        ("makemigrations --check", False),
        ("collectstatic --no-input", False),
        ("demo --json", False),
        ("up", False),
        ("migrate", True),
        ("import_csv accounts a.csv", True),
        ("shell", True),
        ("sweep", True),
        ("check_ledger", True),
    ],
)
def test_engines_only_for_commands_that_use_them(line: str, expected: bool) -> None:
    assert needs_engines(line.split()) is expected


@pytest.mark.parametrize(
    ("line", "expected"),
    [("migrate", "owner"), ("test", "owner"), ("import_csv accounts a.csv", "app"), ("demo", "app"), ("", "app")],
)
def test_only_commands_that_change_tables_own_them(line: str, expected: str) -> None:
    assert role(line.split()) == expected


@pytest.mark.parametrize(
    ("line", "rest", "found"),
    [
        ("demo --data-dir a --json", "demo --json", "a"),
        ("demo --data-dir=a/b", "demo", "a/b"),
        ("demo --data-dir a --data-dir b", "demo", "b"),
        ("demo --data-dir", "demo", ""),
        ("demo --json", "demo --json", ""),
    ],
)
def test_data_dir_is_taken_out_before_the_settings_are_read(line: str, rest: str, found: str) -> None:
    assert take_data_dir(line.split()) == (rest.split(), found)
