"""The worker's heartbeat: a task that really was consumed, not a process that merely runs.

It is noted in the broker, where the supervisor and /readyz look, and in the
database, where every page looks: a page must not wait for a broker that is away.
"""

import logging
import time
from datetime import datetime, timedelta

from django.conf import settings
from django.db import DatabaseError
from django.utils import timezone
from redis import Redis
from redis.exceptions import RedisError

from loyalty.core.doorbell.models import WorkerSeen

log = logging.getLogger(__name__)

KEY = "loyalty:worker-heartbeat"
STALE_SECONDS = 20
# After so long without a worker every page says so.
MISSED = timedelta(seconds=60)


def _client() -> Redis:
    return Redis.from_url(settings.REDIS_URL, socket_timeout=2, socket_connect_timeout=2)


def beat() -> None:
    """Note that a worker consumed a task just now (seconds since the epoch)."""
    with _client() as client:
        client.set(KEY, repr(time.time()))
    try:
        WorkerSeen.objects.update_or_create(pk=1, defaults={"at": timezone.now()})
    except DatabaseError as error:
        log.warning("The heartbeat could not be noted in the database: %s", error)


def worker_is_alive() -> bool:
    """Whether a worker consumed a task within the last 20 seconds."""
    try:
        with _client() as client:
            written = client.get(KEY)
    except (RedisError, OSError):
        return False
    return isinstance(written, bytes) and time.time() - float(written) < STALE_SECONDS


def missing_since(now: datetime) -> datetime | None:
    """When a worker was last seen, if that is a minute ago or longer; None too where none was ever started."""
    seen: datetime | None = WorkerSeen.objects.filter(pk=1).values_list("at", flat=True).first()
    return seen if seen is not None and now - seen >= MISSED else None
