"""The worker's heartbeat in the broker: a task that really was consumed, not a process that merely runs.

The supervisor and /readyz look here; pages look into the database (`seen`),
because they must not wait for a broker that is away.
"""

import time

from django.conf import settings
from redis import Redis
from redis.exceptions import RedisError

KEY = "loyalty:worker-heartbeat"
STALE_SECONDS = 20


def _client() -> Redis:
    return Redis.from_url(settings.REDIS_URL, socket_timeout=2, socket_connect_timeout=2)


def beat() -> None:
    """Note that a worker consumed a task just now (seconds since the epoch)."""
    with _client() as client:
        client.set(KEY, repr(time.time()))


def worker_is_alive() -> bool:
    """Whether a worker consumed a task within the last 20 seconds."""
    try:
        with _client() as client:
            written = client.get(KEY)
    except (RedisError, OSError):
        return False
    return isinstance(written, bytes) and time.time() - float(written) < STALE_SECONDS
