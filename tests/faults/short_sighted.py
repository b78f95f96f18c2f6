"""A worker whose broker takes a task for lost after two seconds, and whose evaluations take much longer.

`--app tests.faults.short_sighted`. How often each message was begun is counted in the broker.
"""

import time
from typing import Any

from celery.signals import task_prerun, worker_process_init
from django.conf import settings
from redis import Redis

from loyalty.celery import app

VISIBILITY_SECONDS = 2
# The transport looks for lost messages every ten seconds.
EVALUATION_SECONDS = 25.0
BEGUN = "fault-7-begun"

app.conf.broker_transport_options = {
    **app.conf.broker_transport_options,
    "visibility_timeout": VISIBILITY_SECONDS,
}


@worker_process_init.connect
def take_long(**_: Any) -> None:
    """Let whoever has found something hold it for long."""
    from rewards.campaigns import evaluating

    weigh = evaluating.weigh

    def slowly(*args: Any) -> None:
        time.sleep(EVALUATION_SECONDS)
        weigh(*args)

    evaluating.weigh = slowly


@task_prerun.connect
def count(task_id: str, **_: Any) -> None:
    """Note that a message was begun."""
    with Redis.from_url(settings.REDIS_URL, socket_timeout=5) as client:
        client.hincrby(BEGUN, task_id, 1)
