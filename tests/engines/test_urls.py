"""DATABASE_URL and REDIS_URL."""

import pytest

from loyalty.engines import urls
from loyalty.engines.errors import EngineError


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("postgresql://ada:s%40f%2Fe@db.internal:6432/loyalty", ("loyalty", "ada", "s@f/e", "db.internal", "6432", {})),
        (
            "postgres://ada@db/loyalty?sslmode=require&application_name=web",
            ("loyalty", "ada", "", "db", "", {"sslmode": "require", "application_name": "web"}),
        ),
        ("postgresql:///loyalty?host=/run/postgresql&user=ada", ("loyalty", "ada", "", "/run/postgresql", "", {})),
        ("postgresql://ada@%2Frun%2Fpostgresql/loyalty", ("loyalty", "ada", "", "/run/postgresql", "", {})),
        ("postgresql://[::1]:5433/a%20b", ("a b", "", "", "::1", "5433", {})),
    ],
)
def test_database(url: str, expected: tuple[object, ...]) -> None:
    read = urls.database(url)
    assert tuple(read[key] for key in ("NAME", "USER", "PASSWORD", "HOST", "PORT", "OPTIONS")) == expected
    assert read["ENGINE"] == "django.db.backends.postgresql"


@pytest.mark.parametrize(
    "url", ["mysql://a@b/c", "postgresql://db", "postgresql://db/", "db", "", "postgresql://db:port/name"]
)
def test_database_that_is_none(url: str) -> None:
    with pytest.raises(EngineError, match="DATABASE_URL"):
        urls.database(url)


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("redis://:secret@cache:6379/2", "redis://:secret@cache:6379/2"),
        ("rediss://cache/0", "rediss://cache/0"),
        ("unix:///run/a/broker.sock?db=3", "redis+socket:///run/a/broker.sock?virtual_host=3"),
        ("unix:///run/a/broker.sock", "redis+socket:///run/a/broker.sock?virtual_host=0"),
    ],
)
def test_broker(url: str, expected: str) -> None:
    assert urls.celery_broker(url) == expected


def test_broker_that_is_none() -> None:
    with pytest.raises(EngineError, match="REDIS_URL"):
        urls.celery_broker("amqp://cache")
