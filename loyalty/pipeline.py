"""What a ring sets off, in order: facts and milestones, then offers; and what the day's turn sets off.

Each step finds its work in PostgreSQL, commits by itself, and may run twice, or
on two workers at once. Dirty marks go away in the very transaction that works
out the facts and milestones, so that a worker that dies loses nothing.
"""

import time
from datetime import date, timedelta

from celery import shared_task
from django.utils import timezone

from accounts.contacts.retention import forget_old
from accounts.facts.queries import latest_day
from accounts.facts.scores.verbs import cut_if_due
from accounts.facts.support import mark_support_change
from accounts.facts.verbs import refresh, refresh_dirty
from accounts.intake.files.uploads import clear_old_uploads
from accounts.intake.hooks.verbs import forget_calls
from accounts.milestones.verbs import detect
from accounts.referrals.verbs import detect_referrals
from loyalty.core.doorbell import heartbeat
from loyalty.core.doorbell.seen import note_worker
from loyalty.core.doorbell.verbs import ring_on_commit
from loyalty.core.jobs.running import run_next
from rewards.approvals.verbs import lapse_overdue
from rewards.campaigns.evaluating import evaluate_all, evaluate_due

DIRTY_ACCOUNTS_A_STEP = 200
# After so long the worker is given back: a history that was taken in must not keep
# what happens today waiting.
REACT_SECONDS = 10.0


def react_now() -> int:
    """Serve dirty accounts and propose what follows, for at most 10 s; returns how many matches were dealt with.

    Offers follow each handful of accounts, so that those of the first do not wait for the
    facts of the last. Rings for whoever goes on when some are left.
    """
    mark_support_change()
    ends = time.monotonic() + REACT_SECONDS
    total = 0
    while True:
        served, matches = refresh_dirty(DIRTY_ACCOUNTS_A_STEP), evaluate_due()
        total += matches or 0
        if not served and matches is None:
            return total
        if time.monotonic() > ends:
            ring_on_commit()
            return total


def sweep_now(day: date | None = None) -> int:
    """The nightly order: milestones and facts of all accounts, expiry, offers; returns how many matches it dealt with.

    Last of all goes what need not be kept: raw events older than the retention that was set, webhook
    ids that no sender tries again, uploaded files that nobody took in.

    `day` (UTC) is the one day whose facts are worked out; by default today and every day missed before it.
    """
    on = day or timezone.now().date()
    last = latest_day()
    # Days that the machine slept through are caught up with: history has no gaps.
    first = on if day or last is None else min(on, last + timedelta(days=1))
    mark_support_change()
    detect(None)
    detect_referrals(None)
    refresh(None, first, on)
    cut_if_due(on)
    lapse_overdue()
    dealt_with = sum(evaluate_all(day=on).values())
    forget_old(timezone.now().date())
    forget_calls(timezone.now())
    clear_old_uploads()
    return dealt_with


@shared_task(name="loyalty.heartbeat")
def beat_heart() -> None:
    # First for the supervisor, which would replace a worker that cannot reach the database.
    heartbeat.beat()
    note_worker()


@shared_task(name="loyalty.react")
def react() -> None:
    react_now()


@shared_task(name="loyalty.sweep")
def sweep() -> None:
    sweep_now()


@shared_task(name="loyalty.jobs")
def jobs() -> None:
    run_next()
