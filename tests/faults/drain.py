"""Row 8: web and worker are told to end (SIGTERM) while they are busy, and are started again by the supervisor."""

import os
import signal
import time
from collections import Counter
from dataclasses import dataclass, field

from loyalty.engines import processes
from tests.engines.application import Application, children
from tests.faults.senders import Senders, batches
from tests.faults.sending import batch_of, offers

LIMIT_SECONDS = 30.0
ACCOUNTS_A_BATCH = 10

COUNTS = """
SELECT count(*), count(DISTINCT message_id), (
    SELECT coalesce(sum(d.events), 0) FROM accounts_dailyusage d JOIN accounts_account a ON a.id = d.account_id
    WHERE a.external_id LIKE %(like)s
) FROM accounts_event WHERE message_id LIKE %(like)s
"""


@dataclass
class Drained:
    """What the ends did: seconds to each, what was sent, stored, counted and offered, and every answer."""

    seconds: list[float] = field(default_factory=list)
    accounts: int = 0
    stored: int = 0
    distinct: int = 0
    counted: int = 0
    with_offer: int = 0
    offers: int = 0
    answers: Counter[int] = field(default_factory=Counter)

    @property
    def lost(self) -> int:
        """Accounts whose event or offer is missing."""
        return 2 * self.accounts - self.distinct - self.with_offer

    @property
    def doubled(self) -> int:
        """Events and offers that are there twice, and use that was counted twice."""
        return (self.stored - self.distinct) + (self.counted - self.stored) + (self.offers - self.with_offer)


def drain(application: Application, times: int, prefix: str = "drain") -> Drained:
    """End the web server, then the worker, that many times each, while four clients send."""
    found = Drained()
    key = next(s["key"] for s in application.ready["sources"] if s["kind"] == "usage")

    def batch(number: int) -> list[dict[str, object]]:
        first = number * ACCOUNTS_A_BATCH
        return batch_of(range(first, first + ACCOUNTS_A_BATCH), prefix)

    with Senders(application.ready["url"], batches(key, batch)).at_work() as sent:
        for _ in range(times):
            for mark in ("loyalty.wsgi", "--concurrency"):
                found.seconds.append(_end(application, mark))
                assert application.becomes_ready(90.0)
    found.accounts, found.answers = len(sent.acknowledged) * ACCOUNTS_A_BATCH, sent.answers
    with application.database() as database:
        processes.wait_until(lambda: offers(database, prefix)[0] >= found.accounts, 120.0, every=0.2)
        found.with_offer, found.offers = offers(database, prefix)
        found.stored, found.distinct, found.counted = database.execute(COUNTS, {"like": f"{prefix}-%"}).fetchone() or (
            0,
            0,
            0,
        )
    return found


def _end(application: Application, mark: str) -> float:
    """Tell the program with this on its command line to end; seconds until it and its children have."""
    assert application.process
    master = next(pid for pid in children(application.process.pid) if mark in processes.command_line(pid))
    family = [master, *children(master)]
    begun = time.monotonic()
    os.kill(master, signal.SIGTERM)
    processes.wait_until(lambda: not any(processes.command_line(pid) for pid in family), 3 * LIMIT_SECONDS)
    return time.monotonic() - begun
