"""Who the engines run as.

PostgreSQL refuses to run as root. So as root the engines run as an account
that exists already and may do nothing; no account is added and no folder's
mode is loosened. An ordinary user runs the engines as themselves.
"""

import os
import pwd
import stat
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from loyalty.engines.errors import EngineError

PREFERRED = "nobody"


@dataclass(frozen=True)
class PasswdEntry:
    """One line of the account database, as far as the choice needs it."""

    name: str
    uid: int
    gid: int


@dataclass(frozen=True)
class Identity:
    """The account of the engines; `dropped` when it is not that of this process."""

    name: str
    uid: int
    gid: int
    dropped: bool

    def spawn_options(self) -> dict[str, Any]:
        """Arguments of `subprocess.Popen` that make a child run as this account."""
        if not self.dropped:
            return {}
        return {"user": self.uid, "group": self.gid, "extra_groups": []}


def choose_unprivileged(entries: Iterable[PasswdEntry], usable: range) -> PasswdEntry:
    """Choose the account that root drops to: `nobody`, else the highest usable uid.

    `usable` are the uids that exist in this user namespace: a rootless
    container may lack 65534. Raises EngineError when only root is left.
    """
    able = [e for e in entries if e.uid != 0 and e.uid in usable]
    if not able:
        raise EngineError(
            "PostgreSQL refuses to run as root and this system has no other account to run it as. "
            "Run the command as an ordinary user, or set DATABASE_URL."
        )
    return min(able, key=lambda e: (e.name != PREFERRED, -e.uid, e.name))


def usable_uids(uid_map: str) -> range:
    """Read `/proc/self/uid_map`: the uids that can be taken in this namespace.

    Only the block that starts at zero counts, as that is where accounts live.
    """
    for line in uid_map.splitlines():
        first, _, length = (int(part) for part in line.split())
        if first == 0:
            return range(length)
    return range(0)


def current() -> Identity:
    """The account that engines started by this process run as."""
    uid, gid = os.geteuid(), os.getegid()
    if uid != 0:
        return Identity(os_name(uid), uid, gid, dropped=False)
    try:
        usable = usable_uids(Path("/proc/self/uid_map").read_text())
    except OSError:
        usable = range(2**32)
    entries = [PasswdEntry(e.pw_name, e.pw_uid, e.pw_gid) for e in pwd.getpwall()]
    chosen = choose_unprivileged(entries, usable)
    return Identity(chosen.name, chosen.uid, chosen.gid, dropped=True)


def os_name(uid: int) -> str:
    """The account name of `uid`, or "" when it has none."""
    try:
        return pwd.getpwuid(uid).pw_name
    except KeyError:
        return ""


def may_enter(status: os.stat_result, identity: Identity) -> bool:
    """Whether the mode bits of a folder let `identity` pass through it."""
    if identity.uid == 0:
        return True
    if status.st_uid == identity.uid:
        return bool(status.st_mode & stat.S_IXUSR)
    if status.st_gid == identity.gid:
        return bool(status.st_mode & stat.S_IXGRP)
    return bool(status.st_mode & stat.S_IXOTH)


def reachable(path: Path, identity: Identity) -> bool:
    """Whether `identity` can pass every existing folder on the way to, and including, `path`."""
    return all(may_enter(folder.stat(), identity) for folder in (path, *path.parents) if folder.exists())
