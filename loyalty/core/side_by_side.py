"""Asking others over the network, several at once: only the requests run in threads, the database is asked by one."""

import time
from collections.abc import Callable, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from typing import TypeVar

Job = TypeVar("Job")
Answer = TypeVar("Answer")


def side_by_side(
    claim: Callable[[Sequence[Job]], Job | None],
    begin: Callable[[Job], Callable[[], Answer]],
    note: Callable[[Job, Answer], bool],
    *,
    seconds: float,
    threads: int,
) -> int:
    """Work off what `claim` gives, beginning for at most `seconds`; returns for how many `note` said yes.

    `claim` is told what is under way, `begin` makes the request of a job, which runs in a thread: it must ask the
    database nothing and raise nothing. `note` keeps what came of it.
    """
    ends, taken = time.monotonic() + seconds, 0
    running: dict[Future[Answer], Job] = {}
    with ThreadPoolExecutor(threads, "outward") as pool:
        while True:
            while time.monotonic() < ends and len(running) < threads:
                job = claim(list(running.values()))
                if job is None:
                    break
                running[pool.submit(begin(job))] = job
            if not running:
                return taken
            done, _ = wait(running, return_when=FIRST_COMPLETED)
            for future in done:
                taken += note(running.pop(future), future.result())
