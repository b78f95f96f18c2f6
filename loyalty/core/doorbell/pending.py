"""Whether a ring would be one too many: the broker never holds two of the same.

A ring says "look", not what there is to do, so one that waits serves everything
that comes until a worker takes it. The broker's own list is asked, so that
nothing beside it can go stale when the broker is emptied or a worker dies.
"""

from functools import cache

from celery import current_app
from django.conf import settings
from redis import Redis
from redis.commands.core import Script

# With so many waiting it does not matter what they are: the worker does not keep up, or there is none.
LOOKED_THROUGH = 64
# Two processes may ask at once, before the first has rung.
RINGING_MILLISECONDS = 1000
_TIMEOUT = 0.5

# A task's name stands in quotes in the head of its message; the body is base64 and has no quotes.
_MAY_RING = """
if redis.call('LLEN', KEYS[1]) > tonumber(ARGV[2]) then return 0 end
for _, message in ipairs(redis.call('LRANGE', KEYS[1], 0, -1)) do
    if string.find(message, ARGV[1], 1, true) then return 0 end
end
return redis.call('SET', KEYS[2], '1', 'NX', 'PX', ARGV[3]) and 1 or 0
"""


def may_ring(task: str) -> bool:
    """Whether no ring of this task waits to be taken, nor is being sent. Raises RedisError, OSError."""
    keys = [current_app.conf.task_default_queue, f"loyalty:ringing:{task}"]
    return bool(_script(settings.REDIS_URL)(keys, [f'"{task}"', LOOKED_THROUGH, RINGING_MILLISECONDS]))


@cache
def _script(url: str) -> Script:
    client = Redis.from_url(url, socket_timeout=_TIMEOUT, socket_connect_timeout=_TIMEOUT)
    return client.register_script(_MAY_RING)
