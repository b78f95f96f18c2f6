"""Who the engines run as: pure rules, so they hold whoever runs the suite."""

import os
import stat

import pytest

from loyalty.engines.errors import EngineError
from loyalty.engines.identity import Identity, PasswdEntry, choose_unprivileged, may_enter, usable_uids

ROOT = PasswdEntry("root", 0, 0)
DAEMON = PasswdEntry("daemon", 1, 1)
PERSON = PasswdEntry("ada", 1000, 1000)
NOBODY = PasswdEntry("nobody", 65534, 65534)
ALL = range(2**32)


@pytest.mark.parametrize(
    ("entries", "usable", "expected"),
    [
        ([ROOT, DAEMON, NOBODY, PERSON], ALL, NOBODY),
        ([ROOT, DAEMON, PERSON], ALL, PERSON),
        ([ROOT, DAEMON], ALL, DAEMON),
        ([ROOT, DAEMON, PERSON, NOBODY], range(65534), PERSON),
    ],
)
def test_root_drops_to_nobody_or_the_least_special_account(
    entries: list[PasswdEntry], usable: range, expected: PasswdEntry
) -> None:
    assert choose_unprivileged(entries, usable) == expected


@pytest.mark.parametrize(("entries", "usable"), [([ROOT], ALL), ([], ALL), ([ROOT, NOBODY], range(1))])
def test_root_alone_is_told_what_to_do(entries: list[PasswdEntry], usable: range) -> None:
    with pytest.raises(EngineError, match="DATABASE_URL"):
        choose_unprivileged(entries, usable)


@pytest.mark.parametrize(
    ("uid_map", "expected"),
    [
        ("         0          0 4294967295\n", range(4294967295)),
        ("         0       1000          1\n         1     100000      65536\n", range(1)),
        ("", range(0)),
    ],
)
def test_uids_of_the_namespace(uid_map: str, expected: range) -> None:
    assert usable_uids(uid_map) == expected


@pytest.mark.parametrize(
    ("mode", "owner", "group", "expected"),
    [
        (0o700, 0, 0, False),
        (0o711, 0, 0, True),
        (0o755, 0, 0, True),
        (0o750, 0, 0, False),
        (0o710, 0, 65534, True),
        (0o701, 0, 65534, False),
        (0o700, 65534, 0, True),
        (0o011, 65534, 0, False),
    ],
)
def test_a_folder_lets_pass_by_its_mode(mode: int, owner: int, group: int, expected: bool) -> None:
    status = os.stat_result((stat.S_IFDIR | mode, 1, 1, 1, owner, group, 0, 0, 0, 0))
    assert may_enter(status, Identity("nobody", 65534, 65534, dropped=True)) is expected


def test_only_a_dropped_identity_changes_the_user_of_a_child() -> None:
    assert Identity("ada", 1000, 1000, dropped=False).spawn_options() == {}
    assert Identity("nobody", 65534, 65533, dropped=True).spawn_options() == {
        "user": 65534,
        "group": 65533,
        "extra_groups": [],
    }
