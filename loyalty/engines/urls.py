"""DATABASE_URL and REDIS_URL, read into what Django and Celery want."""

from collections.abc import Mapping
from typing import Any
from urllib.parse import parse_qsl, unquote, urlsplit

from loyalty.engines.errors import EngineError

DATABASE_SCHEMES = ("postgres", "postgresql")
REDIS_SCHEMES = ("redis", "rediss", "unix")


def database(url: str) -> dict[str, Any]:
    """Read `postgresql://user:password@host:port/name?sslmode=require` into Django's settings.

    The host may be in the query, as libpq allows for a Unix socket:
    `postgresql:///name?host=/run/postgresql`. Raises EngineError when it is no
    PostgreSQL address or names no database.
    """
    parts = urlsplit(url)
    name = unquote(parts.path.lstrip("/"))
    if parts.scheme not in DATABASE_SCHEMES or not name:
        raise EngineError("DATABASE_URL must look like postgresql://user:password@host:5432/name.")
    options = dict(parse_qsl(parts.query))
    return {
        "ENGINE": "django.db.backends.postgresql",
        "NAME": name,
        "USER": options.pop("user", unquote(parts.username or "")),
        "PASSWORD": options.pop("password", unquote(parts.password or "")),
        "HOST": options.pop("host", unquote(parts.hostname or "")),
        "PORT": options.pop("port", str(_port(url) or "")),
        "OPTIONS": options,
    }


def celery_broker(redis_url: str) -> str:
    """The same broker as Celery writes it: `unix:///a.sock?db=1` is `redis+socket:///a.sock?virtual_host=1`."""
    parts = urlsplit(redis_url)
    if parts.scheme not in REDIS_SCHEMES:
        raise EngineError("REDIS_URL must look like redis://host:6379/0, rediss://… or unix:///path?db=0.")
    if parts.scheme != "unix":
        return redis_url
    query: Mapping[str, str] = dict(parse_qsl(parts.query))
    return f"redis+socket://{parts.netloc}{parts.path}?virtual_host={query.get('db', '0')}"


def _port(url: str) -> int | None:
    try:
        return urlsplit(url).port
    except ValueError as error:
        raise EngineError("The port in DATABASE_URL is not a number.") from error
