"""Ring the worker. The broker is a doorbell: what is to be done stands in PostgreSQL.

A ring that gets lost costs seconds, because the beat rings too; so a broker that
is down must never fail, nor slow, the request that rang.
"""

import logging
import threading
import time

from celery import current_app
from django.conf import settings
from django.db import transaction
from kombu.exceptions import OperationalError
from redis.exceptions import RedisError

from loyalty.core.doorbell.pending import may_ring

log = logging.getLogger(__name__)

REACT = "loyalty.react"
PENALTY_SECONDS = 5.0

_lock = threading.Lock()
_quiet_until: dict[str, float] = {}


def ring_on_commit(task: str = REACT) -> None:
    """Ring once the transaction is committed, at most twice a second for each process."""
    transaction.on_commit(lambda: ring(task))


def ring(task: str = REACT) -> bool:
    """Ring now; false when it was rung a moment ago, a ring still waits, or the broker did not answer."""
    now = time.monotonic()
    with _lock:
        if now < _quiet_until.get(task, 0):
            return False
        _quiet_until[task] = now + settings.DOORBELL_SECONDS / 10
    try:
        if not may_ring(task):
            return False
        current_app.send_task(task, retry=False)
    except (OperationalError, RedisError, OSError):
        log.warning("The broker did not answer; the sweep will do the work of %s.", task)
        with _lock:
            _quiet_until[task] = now + PENALTY_SECONDS
        return False
    return True
