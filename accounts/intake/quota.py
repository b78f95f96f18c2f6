"""How much one sender may send: a bucket for each key, kept in the broker, so that all processes share it.

A flood by one key is answered before the database is asked, and leaves the
others their part of the machine. A broker that is away limits nobody: then it
is not asked again for a few seconds, so that it slows nobody either.
"""

import logging
import math
import threading
import time
from functools import cache
from typing import TypeVar

from django.conf import settings
from redis import Redis
from redis.commands.core import Script
from redis.exceptions import RedisError

from accounts.intake.rules import Refusal, RequestRefused
from accounts.sources.rules import key_digest

log = logging.getLogger(__name__)
Number = TypeVar("Number", int, float)

PENALTY_SECONDS = 5.0
# A process borrows this part of a full bucket at a time, so that the broker is not asked for each request.
LEASES_A_BUCKET = 500
SENDERS_KEPT = 1000
TELL_SECONDS = 60.0
_TIMEOUT = 0.25
_MICROSECONDS = 1_000_000

# The key holds the moment by which all that was sent would be due at the quota
# (the generic cell rate algorithm): one number, and no clock but the broker's.
_SPEND = """
local time = redis.call('TIME')
local now = time[1] * 1000000 + time[2]
local due = math.max(tonumber(redis.call('GET', KEYS[1]) or now), now)
local wait = due - now - tonumber(ARGV[2])
if wait > 0 then return math.ceil(wait) end
due = due + tonumber(ARGV[1])
redis.call('SET', KEYS[1], string.format('%.0f', due), 'PX', math.ceil((due - now) / 1000) + 1)
return 0
"""


_lock = threading.Lock()
_leased: dict[str, int] = {}
# Until when a sender is over its quota, as the broker said (monotonic seconds): a flood asks nobody anew.
_refused_until: dict[str, float] = {}


class OverQuota(RequestRefused):
    """The sender sends faster than the quota; `retry_after` in whole seconds."""

    def __init__(self, retry_after: int) -> None:
        super().__init__(
            429,
            Refusal(
                "over_quota",
                f"More than {settings.INTAKE_QUOTA_A_SECOND} requests a second came from this sender. "
                f"Send the same again in {retry_after} s, and more in each batch.",
            ),
        )
        self.retry_after = retry_after


class _Pause:
    """When the broker may be asked again (monotonic seconds of this process)."""

    until = 0.0


class _Told:
    """When a flood was last written to the log (monotonic seconds of this process)."""

    at = -math.inf


def spend(sender: str) -> None:
    """Count one request of a sender (a write key, or the name of a source). Raises OverQuota (429)."""
    quota = settings.INTAKE_QUOTA_A_SECOND
    now = time.monotonic()
    if quota <= 0 or now < _Pause.until:
        return
    if (left := _refused_until.get(sender, now) - now) > 0:
        raise OverQuota(math.ceil(left))
    if _take(sender):
        return
    lease = max(1, int(quota * settings.INTAKE_BURST_SECONDS / LEASES_A_BUCKET))
    spacing = _MICROSECONDS / quota * lease
    burst = settings.INTAKE_BURST_SECONDS * _MICROSECONDS - spacing
    try:
        wait = int(_script(settings.REDIS_URL)([f"loyalty:quota:{key_digest(sender)}"], [spacing, max(burst, 0)]))
    except (RedisError, OSError) as away:
        _Pause.until = time.monotonic() + PENALTY_SECONDS
        log.warning("The broker does not count requests; nobody is limited meanwhile: %s", away)
        return
    if wait:
        _remember(_refused_until, sender, now + wait / _MICROSECONDS)
        _tell_flood(sender, now)
        raise OverQuota(math.ceil(wait / _MICROSECONDS))
    with _lock:
        _remember(_leased, sender, _leased.get(sender, 0) + lease - 1)


def _remember(kept: dict[str, Number], sender: str, value: Number) -> None:
    """Made-up keys must not fill the memory; who is forgotten has the broker asked again."""
    if len(kept) >= SENDERS_KEPT:
        kept.clear()
    kept[sender] = value


def _tell_flood(sender: str, now: float) -> None:
    """One line a minute at most: a line for each refusal would fill the disk with the flood."""
    if now - _Told.at >= TELL_SECONDS:
        _Told.at = now
        log.warning("The sender with …%s sends faster than its quota and is told to wait (429).", sender[-4:])


def _take(sender: str) -> bool:
    """Use up one request of what this process was lent; false when it must ask the broker."""
    with _lock:
        left = _leased.get(sender, 0)
        if left:
            _leased[sender] = left - 1
        return left > 0


@cache
def _script(url: str) -> Script:
    client = Redis.from_url(url, socket_timeout=_TIMEOUT, socket_connect_timeout=_TIMEOUT)
    return client.register_script(_SPEND)
