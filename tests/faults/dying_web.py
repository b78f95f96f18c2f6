"""A configuration of gunicorn in which each process dies where it would ring: committed, and nothing published."""

import os
import signal
from typing import Any


def post_worker_init(worker: Any) -> None:
    """Put death in the place of the bell, once the application is loaded."""
    from loyalty.core.doorbell import verbs

    verbs.ring = die


def die(task: str = "") -> bool:
    """Die at once, without a word to anybody."""
    os.kill(os.getpid(), signal.SIGKILL)
    return False
