"""Where the embedded engines keep what they write.

`data_dir` holds what belongs to the person who runs the application: the
secret key, the sign-ins of the demo company, the lock files. `engine_dir`
holds what the engines write, and is the same folder unless root runs the
application from a place that the unprivileged account of the engines cannot
reach (a checkout below a folder of mode 0700). Loosening that folder would
expose it, so the engines then write to `/var/lib/loyalty-<hash>`: a place made
for data that lives as long as the machine, and writable by root alone, so that
nobody else can have put something there first. The hash is that of the data
dir's own path, so two checkouts never meet.

Sockets lie in a folder of their own with a short name, because the path of a
Unix socket may have about 100 bytes and a checkout may lie deeper than that.
"""

import hashlib
import os
import stat
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from loyalty.engines import identity as identities
from loyalty.engines.errors import EngineError
from loyalty.engines.identity import Identity

CHECKOUT = Path(__file__).resolve().parent.parent.parent
ROOT_FALLBACKS = (Path("/var/lib"), Path("/srv"), Path("/opt"))
ROOT_SOCKET_PARENTS = (Path("/run"), Path("/tmp"))
USER_SOCKET_PARENTS = (Path("/tmp"), Path("/var/tmp"))


@dataclass(frozen=True)
class Layout:
    """The places of one installation's engines. Building it touches nothing."""

    data_dir: Path
    engine_dir: Path
    socket_dir: Path
    identity: Identity

    @property
    def postgres_dir(self) -> Path:
        """The database cluster."""
        return self.engine_dir / "postgres"

    @property
    def broker_dir(self) -> Path:
        """The broker's working folder and its process id."""
        return self.engine_dir / "broker"

    @property
    def log_dir(self) -> Path:
        """One log file per process."""
        return self.data_dir / "logs"

    @property
    def broker_socket(self) -> Path:
        """Where the broker listens."""
        return self.socket_dir / "broker.sock"


def default_data_dir(environ: Mapping[str, str] = os.environ) -> Path:
    """LOYALTY_DATA_DIR, else `.loyalty` beside manage.py."""
    return Path(environ.get("LOYALTY_DATA_DIR") or CHECKOUT / ".loyalty")


def resolve(
    data_dir: Path,
    identity: Identity | None = None,
    *,
    fallbacks: Sequence[Path] = ROOT_FALLBACKS,
) -> Layout:
    """Decide all places for one data dir; reads the disk, writes nothing."""
    who = identity or identities.current()
    data_dir = data_dir.expanduser().resolve()
    name = hashlib.sha256(os.fsencode(data_dir)).hexdigest()[:12]
    engine_dir = data_dir
    if who.dropped:
        moved = [parent / f"loyalty-{name}" for parent in fallbacks if parent.is_dir()]
        earlier = [place for place in moved if place.is_dir()]
        if earlier:
            engine_dir = earlier[0]
        elif moved and not identities.reachable(data_dir, who):
            engine_dir = moved[0]
    parents = ROOT_SOCKET_PARENTS if who.dropped else USER_SOCKET_PARENTS
    parent = next((p for p in parents if p.is_dir() and os.access(p, os.W_OK)), parents[-1])
    return Layout(data_dir, engine_dir, parent / f"loyalty-{who.uid}-{name}", who)


def make_data_dir(layout: Layout) -> None:
    """Create the data dir, private to its user; as root others may pass through it, not read it."""
    _make(layout.data_dir, 0o711 if layout.identity.dropped else 0o700)


def prepare(layout: Layout) -> None:
    """Create every folder that the engines need. Raises EngineError when one is not ours."""
    make_data_dir(layout)
    _make(layout.log_dir, 0o700)
    if layout.engine_dir != layout.data_dir:
        stranded = layout.data_dir / "postgres"
        if stranded.exists():
            raise EngineError(
                f"The database lies in {stranded}, which account {layout.identity.name!r} can no longer reach. "
                "Make the folders above it passable again, or choose another --data-dir."
            )
        _make(layout.engine_dir, 0o711)
    if not identities.reachable(layout.engine_dir, layout.identity):
        raise EngineError(
            f"Account {layout.identity.name!r}, which runs PostgreSQL, cannot reach {layout.engine_dir}. "
            "Choose another place with --data-dir."
        )
    for folder in (layout.broker_dir, layout.socket_dir):
        _make(folder, 0o700, layout.identity)
        private(folder, layout.identity)


def private(folder: Path, identity: Identity) -> None:
    """Raise EngineError unless `folder` is a real folder of `identity`, closed to all others.

    Another user could have made it first, with the purpose of reading our traffic.
    """
    status = folder.lstat()
    if not stat.S_ISDIR(status.st_mode) or status.st_uid != identity.uid or status.st_mode & 0o077:
        raise EngineError(
            f"{folder} is not a private folder of {identity.name!r} (uid {identity.uid}). "
            "Remove it, or run the application as the user who made it."
        )


def _make(folder: Path, mode: int, owner: Identity | None = None) -> None:
    try:
        folder.parent.mkdir(parents=True, exist_ok=True)
        folder.mkdir(mode=mode)
    except FileExistsError:
        return
    except OSError as error:
        raise EngineError(f"Cannot create {folder}: {error.strerror}. Choose another place with --data-dir.") from error
    if owner and owner.dropped:
        os.chown(folder, owner.uid, owner.gid)
    folder.chmod(mode)
