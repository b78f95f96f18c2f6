"""Fault row 7: a task takes longer than the visibility timeout, so that the broker hands it out again while it runs."""

import signal
from dataclasses import dataclass

from django.utils import timezone

from accounts.records.models import Account
from loyalty.core.doorbell.verbs import ring
from loyalty.engines.processes import wait_until
from rewards.campaigns.evaluating import follow
from rewards.campaigns.models import EvaluationDue
from rewards.offers.models import Offer
from tests.faults import plant
from tests.faults.short_sighted import BEGUN

SECONDS = 180.0
RING_SECONDS = 10.0


@dataclass(frozen=True)
class BegunTwice:
    """Messages that were begun more than once, accounts due, and their offers."""

    messages: int
    accounts: int
    offers: int
    with_offer: int


def begin_twice(accounts: list[Account]) -> BegunTwice:
    """Let a short-sighted worker evaluate accounts that each have a match; call with one match each."""
    today = timezone.now().date()
    follow({account.pk: today for account in accounts}, today)
    worker = [*plant.WORKER]
    worker[worker.index("loyalty")] = "tests.faults.short_sighted"
    running = plant.Running(worker)
    try:
        # Whoever rang a moment ago, and was killed before it was heard, keeps others from ringing for a second.
        wait_until(ring, RING_SECONDS, every=0.2)
        wait_until(lambda: not EvaluationDue.objects.exists() and _twice() > 0, SECONDS, every=0.2)
    finally:
        running.end(signal.SIGKILL)
    made = Offer.objects.filter(account__in=accounts)
    return BegunTwice(_twice(), len(accounts), made.count(), made.values("account").distinct().count())


def _twice() -> int:
    with plant.broker() as client:
        return sum(int(times) > 1 for times in client.hvals(BEGUN))
