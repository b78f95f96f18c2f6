"""Where the database and the broker are: given in the environment, or embedded."""

import os
import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from loyalty.engines import layout, postgres, urls
from loyalty.engines.errors import EngineError
from loyalty.engines.layout import Layout

ROLES = {"owner": postgres.OWNER_ROLE, "app": postgres.APP_ROLE}


@dataclass(frozen=True)
class Endpoints:
    """What the settings need to know. `embedded` tells whether the database is our own."""

    database: dict[str, Any]
    redis_url: str
    celery_broker_url: str
    embedded: bool
    embedded_broker: bool
    places: Layout = field(repr=False)

    @property
    def data_dir(self) -> Path:
        """Where this installation keeps its own files."""
        return self.places.data_dir

    @property
    def secret_key(self) -> str:
        """Django's secret of this data dir, made on first use and readable by its user only.

        Raises EngineError with an external database: several machines must
        share one secret, so it has to be given.
        """
        if not self.embedded:
            raise EngineError("Set SECRET_KEY: with DATABASE_URL, all machines must share one secret.")
        return _kept_secret(self.places)


def locate(environ: Mapping[str, str] = os.environ) -> Endpoints:
    """Read DATABASE_URL, REDIS_URL, LOYALTY_DATA_DIR and LOYALTY_DB_ROLE (`app`, or `owner` to migrate).

    Starts nothing and writes nothing. Raises EngineError for a URL or role it cannot read.
    """
    places = layout.resolve(layout.default_data_dir(environ))
    database_url, redis_url = environ.get("DATABASE_URL", ""), environ.get("REDIS_URL", "")
    database = urls.database(database_url) if database_url else _own_database(places, environ)
    redis_url = redis_url or f"unix://{places.broker_socket}?db=0"
    return Endpoints(
        database=database | {"CONN_HEALTH_CHECKS": True, "CONN_MAX_AGE": 600},
        redis_url=redis_url,
        celery_broker_url=urls.celery_broker(redis_url),
        embedded=not database_url,
        embedded_broker=not environ.get("REDIS_URL", ""),
        places=places,
    )


def _own_database(places: Layout, environ: Mapping[str, str]) -> dict[str, Any]:
    role = environ.get("LOYALTY_DB_ROLE") or "app"
    if role not in ROLES:
        raise EngineError(f"LOYALTY_DB_ROLE is {role!r}; it must be one of {', '.join(ROLES)}.")
    return {
        "ENGINE": "django.db.backends.postgresql",
        "NAME": postgres.DATABASE,
        "USER": ROLES[role],
        "PASSWORD": "",
        "HOST": str(places.socket_dir),
        "PORT": str(postgres.PORT),
        "OPTIONS": {},
    }


def _kept_secret(places: Layout) -> str:
    path = places.data_dir / "secret-key"
    if not path.exists():
        layout.make_data_dir(places)
        fresh = path.with_name(f"secret-key.{os.getpid()}")
        with open(os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
            file.write(secrets.token_urlsafe(48))
        try:
            # Two processes may start at once: a link, unlike a rename, keeps the first one's.
            os.link(fresh, path)
        except FileExistsError:
            pass
        finally:
            fresh.unlink()
    return path.read_text()
