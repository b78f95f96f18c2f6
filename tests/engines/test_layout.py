"""Where the engines write, decided from paths and modes alone."""

import os
from pathlib import Path

import pytest

from loyalty.engines import identity, layout
from loyalty.engines.errors import EngineError
from loyalty.engines.identity import Identity

ME = identity.current()
SOMEONE = Identity("someone", 54321, 54321, dropped=True)
LONGEST_SOCKET = 100


def test_sockets_stay_short_below_a_long_path(place: Path) -> None:
    deep = place / ("a" * 200) / ("b" * 200) / ".loyalty"
    for who in (ME, SOMEONE):
        places = layout.resolve(deep, who)
        assert len(os.fsencode(places.socket_dir / ".s.PGSQL.5432.lock")) < LONGEST_SOCKET
        assert len(os.fsencode(places.broker_socket)) < LONGEST_SOCKET


def test_two_checkouts_share_nothing(place: Path) -> None:
    one, two = (layout.resolve(place / name / ".loyalty", SOMEONE) for name in ("one", "two"))
    assert {one.socket_dir, one.engine_dir}.isdisjoint({two.socket_dir, two.engine_dir})


def test_the_same_place_by_another_way_is_the_same(place: Path) -> None:
    (place / "real").mkdir()
    (place / "link").symlink_to(place / "real")
    assert layout.resolve(place / "link", ME) == layout.resolve(place / "real", ME)


def test_engines_write_beside_the_checkout_when_they_can_reach_it(place: Path) -> None:
    places = layout.resolve(place / ".loyalty", SOMEONE, fallbacks=[place])
    assert places.engine_dir == place / ".loyalty"


def test_engines_write_elsewhere_when_only_root_can_reach_the_checkout(place: Path) -> None:
    (place / "closed").mkdir(mode=0o700)
    (place / "var").mkdir()
    # Owned by whoever runs the suite, who is not the engines' account.
    places = layout.resolve(place / "closed" / "app" / ".loyalty", SOMEONE, fallbacks=[place / "var"])
    assert places.engine_dir.parent == place / "var"
    assert places.data_dir == place / "closed" / "app" / ".loyalty"


def test_engines_stay_where_their_data_is_when_the_checkout_becomes_reachable(place: Path) -> None:
    (place / "closed").mkdir(mode=0o700)
    (place / "var").mkdir()
    before = layout.resolve(place / "closed" / ".loyalty", SOMEONE, fallbacks=[place / "var"])
    before.engine_dir.mkdir()
    (place / "closed").chmod(0o755)
    assert layout.resolve(place / "closed" / ".loyalty", SOMEONE, fallbacks=[place / "var"]) == before


def test_a_folder_is_private_only_if_ours_and_closed(place: Path) -> None:
    own = Identity("me", os.geteuid(), os.getegid(), dropped=False)
    (place / "good").mkdir(mode=0o700)
    layout.private(place / "good", own)
    (place / "open").mkdir()
    (place / "open").chmod(0o755)
    (place / "link").symlink_to(place / "good")
    (place / "file").write_text("")
    for name in ("open", "link", "file"):
        with pytest.raises(EngineError, match="not a private folder"):
            layout.private(place / name, own)
    with pytest.raises(EngineError, match="not a private folder"):
        layout.private(place / "good", Identity("other", os.geteuid() + 1, 1, dropped=False))


def test_a_socket_folder_made_by_another_is_refused(place: Path) -> None:
    places = layout.resolve(place / ".loyalty", ME)
    places.socket_dir.mkdir(mode=0o755)
    try:
        places.socket_dir.chmod(0o755)
        with pytest.raises(EngineError, match="not a private folder"):
            layout.prepare(places)
    finally:
        places.socket_dir.rmdir()
