"""Row 34: PostgreSQL runs short of disk, of the right to write, of connections; people and programs go on asking."""

import json
import time
import urllib.error
import urllib.request
from collections import Counter
from dataclasses import dataclass, field
from typing import Any

import psycopg

from loyalty.engines import processes
from tests.engines.application import Application
from tests.faults.browser import Browser
from tests.faults.scarcity import Fault
from tests.faults.sending import batch_of, headers_of, offers, post

RECOVERS_WITHIN = 30.0
EVENTS_A_BATCH = 100

# Of each offer the step whose turn it is.
STEPS = """
SELECT DISTINCT ON (s.offer_id) s.offer_id, s.function, o.digest
FROM rewards_approvalstep s JOIN rewards_offer o ON o.id = s.offer_id
JOIN accounts_account a ON a.id = o.account_id
WHERE a.external_id LIKE %s AND s.state = 'waiting' AND o.state = 'in_approval'
ORDER BY s.offer_id, s.position
"""
# An offer that is approved, all its steps (none under a standing approval) and its grant are there together or not
# at all; so are the lot and the posting of a credit.
HALF = """
SELECT count(*) FROM rewards_offer o
JOIN rewards_reward r ON r.id = o.reward_id
LEFT JOIN rewards_grant g ON g.offer_id = o.id
LEFT JOIN rewards_creditlot l ON l.grant_id = g.id
LEFT JOIN rewards_posting p ON p.kind = 'issue' AND EXISTS (
    SELECT FROM rewards_postingline i WHERE i.posting_id = p.id AND i.lot_id = l.id)
CROSS JOIN LATERAL (SELECT coalesce(bool_and(state = 'approved'), o.has_standing_approval) AS all_approved
                    FROM rewards_approvalstep WHERE offer_id = o.id) AS s
WHERE o.state IN ('in_approval', 'approved') AND (
    (o.state = 'approved') <> s.all_approved OR (o.state = 'approved') <> (g.id IS NOT NULL)
    OR (g.id IS NOT NULL AND r.is_credit) <> (l.id IS NOT NULL) OR (l.id IS NOT NULL) <> (p.id IS NOT NULL))
"""
STORED = "SELECT count(*), count(DISTINCT message_id) FROM accounts_event WHERE message_id ~ %s"
UNTOLD = """
SELECT (SELECT count(*) FROM rewards_approvalstep WHERE state = 'approved' AND decided_by_id IS NOT NULL)
     - (SELECT count(*) FROM core_auditline WHERE verb = 'offer_approved')
"""


@dataclass
class Endured:
    """What one fault did: answers to events, to decisions and to pages, and seconds until all is taken again."""

    events: Counter[int] = field(default_factory=Counter)
    decisions: Counter[int] = field(default_factory=Counter)
    pages: Counter[int] = field(default_factory=Counter)
    without_retry_after: int = 0
    recovered_in: float = 0.0
    half_grants: int = 0
    untold_decisions: int = 0
    lost: int = 0
    doubled: int = 0

    @property
    def others(self) -> int:
        """Answers that were neither a success nor 503."""
        told = self.events + self.decisions + self.pages
        return sum(number for status, number in told.items() if status not in (200, 503))


class Sender:
    """One program that sends batches of use, each again until it is taken."""

    def __init__(self, application: Application, name: str) -> None:
        source = next(s for s in application.ready["sources"] if s["kind"] == "usage")
        self.url, self.key, self.name = application.ready["url"], source["key"], name
        self.acknowledged: list[int] = []
        post(self.url, self.key, batch_of([0], name)[:1])

    def send(self, number: int) -> tuple[int, bool]:
        """Send the n-th batch; its status, and whether it was 503 without Retry-After."""
        request = urllib.request.Request(self.url + "/v1/batch", self._body(number), headers_of(self.key))
        try:
            with urllib.request.urlopen(request, timeout=30) as answer:
                self.acknowledged.append(number)
                return answer.status, False
        except urllib.error.HTTPError as refused:
            return refused.code, refused.code == 503 and not refused.headers.get("Retry-After")

    def _body(self, number: int) -> bytes:
        named: dict[str, Any] = {
            "type": "track",
            "event": "Report Viewed",
            "context": {"groupId": f"{self.name}-00000"},
        }
        ids = [f"{self.name}-{number}-{n}" for n in range(EVENTS_A_BATCH)]
        return json.dumps({"batch": [named | {"messageId": i, "properties": {"of": "x" * 400}} for i in ids]}).encode()


def endure(application: Application, fault: Fault, name: str, tries: int) -> Endured:
    """Send, decide and look `tries` times during the fault; then everything once more until it is taken."""
    found = Endured()
    url = application.ready["url"]
    browsers = {u["function"]: _signed_in(url, u) for u in application.ready["users"]}
    sender = Sender(application, name)
    post(url, sender.key, batch_of(range(1, tries + 1), name))
    with application.database() as database:
        assert processes.wait_until(lambda: offers(database, name)[0] >= tries, 90.0, every=0.2)
        steps = database.execute(STEPS, [f"{name}-%"]).fetchall()
    with fault(application):
        first = 0
        # A table grows only once what it has is full.
        while (status := sender.send(first)[0]) == 200 and first < 200:
            first += 1
        found.events[status] += 1
        for n in range(tries):
            status, lacks = sender.send(first + n)
            found.events[status] += 1
            found.without_retry_after += lacks
            offer, function, digest = steps[n]
            found.decisions[_decide(browsers[function], offer, function, digest)] += 1
            found.pages[browsers["finance"].get("/liability/")[0]] += 1
    begun = time.monotonic()
    back = processes.wait_until(lambda: sender.send(first)[0] == 200, 2 * RECOVERS_WITHIN, every=0.1)
    found.recovered_in = time.monotonic() - begun if back else float("inf")
    for n in range(tries):
        # One web process may be back before the other.
        assert processes.wait_until(lambda n=n: sender.send(first + n)[0] == 200, 2 * RECOVERS_WITHIN, every=0.1)
    assert application.becomes_ready(60.0)
    with application.database() as database:
        while left := database.execute(STEPS, [f"{name}-%"]).fetchall():
            offer, function, digest = left[0]
            assert _decide(browsers[function], offer, function, digest) == 200
        _count(found, database, sender)
    found.without_retry_after += sum(browser.retry_after_missing for browser in browsers.values())
    return found


def _signed_in(url: str, user: dict[str, str]) -> Browser:
    browser = Browser(url)
    browser.sign_in(user["username"], user["password"])
    return browser


def _decide(browser: Browser, offer: int, function: str, digest: str) -> int:
    return browser.post(
        f"/offers/{offer}/decide", {"decision": "approve", "function": function, "digest": digest, "note": ""}
    )


def _count(found: Endured, database: psycopg.Connection, sender: Sender) -> None:
    (found.half_grants,) = database.execute(HALF).fetchone() or (-1,)
    (found.untold_decisions,) = database.execute(UNTOLD).fetchone() or (-1,)
    stored, distinct = database.execute(STORED, [f"^{sender.name}-[0-9]+-[0-9]+$"]).fetchone() or (0, 0)
    found.lost = len(set(sender.acknowledged)) * EVENTS_A_BATCH - distinct
    found.doubled = stored - distinct
