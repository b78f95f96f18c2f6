"""What the settings are told."""

import stat
from pathlib import Path

import pytest

from loyalty.engines import locate
from loyalty.engines.errors import EngineError


def test_own_engines_when_nothing_is_set(place: Path) -> None:
    found = locate({"LOYALTY_DATA_DIR": str(place)})
    assert (found.embedded, found.embedded_broker) == (True, True)
    assert found.database["USER"] == "loyalty_app"
    assert found.database["HOST"] == str(found.places.socket_dir)
    assert found.redis_url == f"unix://{found.places.broker_socket}?db=0"
    assert found.celery_broker_url == f"redis+socket://{found.places.broker_socket}?virtual_host=0"
    assert list(place.iterdir()) == []


def test_the_owner_is_asked_for_by_name(place: Path) -> None:
    found = locate({"LOYALTY_DATA_DIR": str(place), "LOYALTY_DB_ROLE": "owner"})
    assert found.database["USER"] == "loyalty_owner"
    with pytest.raises(EngineError, match="'root'"):
        locate({"LOYALTY_DATA_DIR": str(place), "LOYALTY_DB_ROLE": "root"})


def test_given_addresses_win(place: Path) -> None:
    given = {
        "LOYALTY_DATA_DIR": str(place),
        "DATABASE_URL": "postgresql://ada@db/loyalty",
        "REDIS_URL": "redis://cache/1",
    }
    found = locate(given)
    assert (found.embedded, found.embedded_broker) == (False, False)
    assert (found.database["HOST"], found.redis_url) == ("db", "redis://cache/1")
    with pytest.raises(EngineError, match="SECRET_KEY"):
        _ = found.secret_key


def test_the_secret_is_made_once_and_kept_from_others(place: Path) -> None:
    environ = {"LOYALTY_DATA_DIR": str(place / "data")}
    first = locate(environ).secret_key
    assert len(first) == 64
    assert locate(environ).secret_key == first
    assert [p.name for p in (place / "data").iterdir()] == ["secret-key"]
    assert stat.S_IMODE((place / "data" / "secret-key").stat().st_mode) == 0o600
    assert locate({"LOYALTY_DATA_DIR": str(place / "other")}).secret_key != first
