"""Row 9: PostgreSQL is stopped at once while events come in, over and over; clients send again with the same ids."""

import os
import signal
import time
from collections import Counter
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from loyalty.engines import postgres, processes
from tests.engines.application import Application
from tests.faults.senders import Senders, Sent, batches
from tests.faults.sending import batch_of, post

EVENTS_A_BATCH = 100
ACCOUNTS = 40
CLIENTS = 4
# An immediate shutdown, and a crash.
SIGNALS = (signal.SIGQUIT, signal.SIGKILL)

STORED = """
SELECT count(*), count(DISTINCT message_id), count(DISTINCT split_part(message_id, '-', 2))
FROM accounts_event WHERE message_id LIKE 'stop-%'
"""
COUNTED = """
SELECT coalesce((SELECT sum(u.events) FROM accounts_dailyusage u JOIN accounts_account a ON a.id = u.account_id
                 WHERE a.external_id LIKE 'stopped-%'), 0),
       coalesce((SELECT sum(u.quantity) FROM accounts_eventday u JOIN accounts_account a ON a.id = u.account_id
                 WHERE a.external_id LIKE 'stopped-%'), 0),
       coalesce((SELECT sum(u.events) FROM accounts_contactday u JOIN accounts_account a ON a.id = u.account_id
                 WHERE a.external_id LIKE 'stopped-%'), 0)
"""


@dataclass
class Stopped:
    """What the stops did: events acknowledged and stored, what the sums of use say, and every answer."""

    stops: int = 0
    acknowledged: int = 0
    stored: int = 0
    distinct: int = 0
    counted: tuple[int, int, int] = (0, 0, 0)
    answers: Counter[int] = field(default_factory=Counter)
    without_retry_after: int = 0
    longest_away: float = 0.0

    @property
    def lost(self) -> int:
        """Acknowledged events that are not there, or that some sum of use misses."""
        return self.acknowledged - min(self.distinct, *self.counted)

    @property
    def doubled(self) -> int:
        """Events that are there twice, or that some sum of use counts twice."""
        return (self.stored - self.distinct) + max(*self.counted, self.stored) - self.stored


def stop_database(application: Application, count: int, times: int) -> Stopped:
    """Send that many batches of 100 with four clients; stop PostgreSQL that many times, evenly spread among them."""
    key = next(s["key"] for s in application.ready["sources"] if s["kind"] == "usage")
    post(application.ready["url"], key, [c for c in batch_of(range(ACCOUNTS), "stopped") if c["type"] == "group"])
    found = Stopped()
    began = datetime.now(UTC).isoformat()

    def batch(number: int) -> list[dict[str, Any]]:
        return [_event(number, n, began) for n in range(EVENTS_A_BATCH)]

    with Senders(application.ready["url"], batches(key, batch), CLIENTS).at_work(count) as sent:
        found.longest_away = stop_among(application, sent, count, times)
        found.stops = times
    found.acknowledged = len(sent.acknowledged) * EVENTS_A_BATCH
    found.answers, found.without_retry_after = sent.answers, sent.without_retry_after
    with application.database() as database:
        found.stored, found.distinct, _ = database.execute(STORED).fetchone() or (0, 0, 0)
        found.counted = database.execute(COUNTED).fetchone() or (0, 0, 0)
    return found


def stop_among(application: Application, sent: Sent, count: int, times: int) -> float:
    """Stop PostgreSQL that many times, evenly spread among that many requests; the longest time it was away, in s."""
    longest = 0.0
    for stop in range(times):
        due = count * (stop + 1) // (times + 1)
        assert processes.wait_until(lambda due=due: len(sent.acknowledged) >= due, 600.0, every=0.005)
        longest = max(longest, _stop(application, SIGNALS[stop % 2]))
    return longest


def _event(number: int, n: int, when: str) -> dict[str, Any]:
    name = f"stopped-{(number + n) % ACCOUNTS:05}"
    return {
        "type": "track",
        "messageId": f"stop-{number}-{n}",
        "event": "Report Viewed",
        "userId": name,
        "timestamp": when,
        "context": {"groupId": name},
    }


def _stop(application: Application, number: signal.Signals) -> float:
    """Stop the server at once; seconds until the supervisor has another one that accepts connections."""
    pid = postgres.process_id(application.places)
    begun = time.monotonic()
    os.kill(pid, number)
    back = processes.wait_until(
        lambda: postgres.process_id(application.places) not in (0, pid) and postgres.ready(application.places), 90.0
    )
    assert back, processes.tail(postgres.log_file(application.places))
    return time.monotonic() - begun
