"""What a ring sets off, in order: facts and milestones, then offers; and the order of the night.

Each step finds its work in PostgreSQL, commits by itself, and may run twice, or
on two workers at once. Dirty marks go away in the very transaction that works
out the facts and milestones, so that a worker that dies loses nothing.
"""

import time
from collections.abc import Mapping
from datetime import date, datetime, timedelta
from datetime import time as clock

from celery import shared_task
from django.utils import timezone

from accounts.contacts.retention import forget_old
from accounts.facts.queries import latest_day
from accounts.facts.scores.verbs import cut_if_due
from accounts.facts.support import mark_support_change
from accounts.facts.verbs import lock_accounts, refresh, refresh_dirty, try_held_again
from accounts.intake.files.uploads import clear_old_uploads
from accounts.intake.hooks.verbs import forget_calls
from accounts.intake.waiting import take_in_all_waiting, take_in_waiting
from accounts.milestones.verbs import detect
from accounts.records.models import Account
from accounts.referrals.verbs import detect_referrals
from accounts.renewals.verbs import detect_renewals
from accounts.segments.following import place as place_in_segments
from accounts.sources.telling import tell_stale
from accounts.tiers.following import place as place_in_tiers
from accounts.tiers.warning import warn_of_steps_down
from loyalty.core.audit.sealing import check_seals, seal
from loyalty.core.changes.carrying_out import carry_out_due
from loyalty.core.doorbell import heartbeat
from loyalty.core.doorbell.seen import note_worker
from loyalty.core.doorbell.verbs import ring_on_commit
from loyalty.core.errors import DomainError
from loyalty.core.jobs.chores import Chore, Counts, RangedChore, Span, WholeChore, add_chore
from loyalty.core.jobs.nights import (
    advance,
    begin_night,
    days_done_up_to,
    declare_order,
    help_out,
    last_night,
    night_job,
    run_night_here,
)
from loyalty.core.jobs.registry import register_job
from loyalty.core.jobs.rules import SLICE
from loyalty.core.jobs.running import run_next
from loyalty.core.notices.sending import send_due
from rewards.approvals.lapsing import lapse_overdue
from rewards.approvals.refreshing import rank_open_offers
from rewards.approvals.reminding import remind
from rewards.approvals.renewals import take_back_renewals
from rewards.breakage.verbs import recognise_until
from rewards.campaigns.evaluating import account_ranges, evaluate_due, evaluate_range
from rewards.campaigns.scope import ACCOUNTS_A_RANGE
from rewards.caps.alerts import tell_alerts
from rewards.delivery.invoices.sending import send_balance_changes
from rewards.delivery.invoices.settling import settle_invoices
from rewards.delivery.outgoing.endpoints import WEBHOOKS
from rewards.delivery.outgoing.passes import tell_expired
from rewards.delivery.outgoing.reaching import look_again
from rewards.delivery.outgoing.sending import send_due as send_webhooks
from rewards.delivery.tasks.verbs import remind as remind_of_deliveries
from rewards.ledger.expiring import expire_credits
from rewards.ledger.folding import fold, fold_if_many
from rewards.ledger.reconciliation import check, keep_proof
from rewards.offers.handing import lapse_unaccepted, redeem_used_up

DIRTY_ACCOUNTS_A_STEP = 200
# After so long the worker is given back: a history that was taken in must not keep
# what happens today waiting.
REACT_SECONDS = 10.0
# The day has turned everywhere that matters, and late senders have had some minutes (UTC).
NIGHT_BEGINS = clock(0, 10)

# Some days of seals.
SEALS_A_NIGHT = 400

ORDER: Mapping[str, str] = {
    "facts": "Facts",
    "segments": "Segments",
    "tiers": "Tiers",
    "expiry": "Expiry of credits and offers",
    "triggers": "Triggers",
    "reminders": "Reminders",
    "reconciliation": "Reconciliation",
}
"""The fixed order of the night: no step begins before the one above it is done."""


def react_now() -> int:
    """Serve dirty accounts and propose what follows, for at most 10 s; returns how many matches were dealt with.

    Offers follow each handful of accounts, so that those of the first do not wait for the
    facts of the last. Rings for whoever goes on when some are left.
    """
    mark_support_change()
    take_in_waiting(now=timezone.now())
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


def sweep_now(day: date | None = None) -> Mapping[str, Counts]:
    """Do the whole nightly order here and now; returns what came of each step.

    `day` (UTC) is the one day that is worked out; by default today and every day missed before it.
    Harmless to repeat, and beside the night's own run. Raises DomainError when a step fails.
    """
    on = day or timezone.now().date()
    night = begin_night(on, on if day else _first_day(on), is_nightly=False)
    if night is None:
        raise DomainError("The sweep could not begin.")
    return run_night_here(night)


def turn_the_day(now: datetime) -> None:
    """Begin the night once its hour has come, and its next step once the one before is done; rings if there is work.

    Called over and over by every worker: a day has one night, and a step one job.
    """
    today = now.date()
    night = last_night()
    if now.time() >= NIGHT_BEGINS and (night is None or night.day < today):
        night = begin_night(today, _first_day(today)) or last_night()
    if night is not None and night.finished_at is None:
        advance(night.pk, now=now)


def _first_day(day: date) -> date:
    """The day after the last one that was worked out for everybody: history has no gaps."""
    last = days_done_up_to(day) or latest_day(before=day)
    return min(day, last + timedelta(days=1)) if last else day


def _facts(first: int, last: int, span: Span) -> Counts:
    ids = list(Account.objects.filter(pk__range=(first, last)).order_by("pk").values_list("pk", flat=True))
    if not ids:
        return {}
    reached = detect(ids)
    return {"milestones": reached, "facts": refresh(ids, span.first_day, span.day, follow=False)}


def _segments(first: int, last: int, span: Span) -> Counts:
    return {"segment moves": place_in_segments(_first_days(first, last, span), span.day)}


def _tiers(first: int, last: int, span: Span) -> Counts:
    return {"tier moves": place_in_tiers(_first_days(first, last, span), span.day)}


def _first_days(first: int, last: int, span: Span) -> dict[int, date]:
    """The accounts of a range, locked, each with the first day that is worked out."""
    ids = list(Account.objects.filter(pk__range=(first, last)).order_by("pk").values_list("pk", flat=True))
    return dict.fromkeys(lock_accounts(ids), span.first_day)


def _triggers(first: int, last: int, span: Span) -> Counts:
    return evaluate_range(first, last, day=span.day, missed=span.missed)


def _books(span: Span) -> Counts:
    fold()
    books = check()
    keep_proof(books)
    if books.problems:
        raise DomainError(f"The books do not add up: {books.problems[0].words}; manage.py check_ledger names the rows.")
    return {"postings": books.postings, "cap periods": books.cap_periods}


def _audit(span: Span) -> Counts:
    """The newest seals each night; manage.py check_audit looks at all of them."""
    sealed, checked = seal(), check_seals(last=SEALS_A_NIGHT)
    if checked.problems:
        raise DomainError(f"The audit was altered: {checked.problems[0].words}; manage.py check_audit names all lines.")
    return {"audit lines sealed": sealed, "audit lines proved": checked.lines}


def _clear_away(span: Span) -> Counts:
    """What need not be kept: raw events past their retention, old webhook ids, files that nobody took in."""
    forget_old(timezone.now().date())
    forget_calls(timezone.now())
    clear_old_uploads()
    return {}


CHORES: tuple[Chore, ...] = (
    WholeChore("facts", "changes of this day", lambda span: carry_out_due()),
    WholeChore("facts", "what came too early", lambda span: {"went in": take_in_all_waiting(now=timezone.now())}),
    WholeChore("facts", "first tickets", lambda span: {"accounts with another first ticket": mark_support_change()}),
    WholeChore("facts", "what could not be worked out", lambda span: {"marks tried again": try_held_again()}),
    WholeChore("facts", "referrals", lambda span: {"referrals": detect_referrals(None)}),
    WholeChore("facts", "renewals", lambda span: {"renewals": detect_renewals(None)}),
    RangedChore("facts", "milestones and facts", _facts),
    WholeChore("facts", "score cuts", lambda span: {"score cuts": int(cut_if_due(span.day) is not None)}),
    RangedChore("segments", "segments", _segments),
    RangedChore("tiers", "tiers", _tiers),
    WholeChore("expiry", "undecided offers", lambda span: {"offers that nobody decided": lapse_overdue()}),
    WholeChore("expiry", "endpoints that are gone", lambda span: {"offers delivered": look_again(now=timezone.now())}),
    WholeChore("expiry", "unaccepted offers", lambda span: {"offers nobody accepted": lapse_unaccepted(span.day)}),
    WholeChore("expiry", "renewals taken back", lambda span: {"renewal credits": take_back_renewals(span.day)}),
    WholeChore("expiry", "credits used up", lambda span: {"offers redeemed": redeem_used_up(now=timezone.now())}),
    WholeChore("expiry", "credits", lambda span: {"credits": expire_credits(span.day)}),
    WholeChore("expiry", "breakage", lambda span: {"breakage postings": recognise_until(span.day)}),
    WholeChore("expiry", "passes", lambda span: {"passes that were told of": tell_expired(span.day)}),
    RangedChore("triggers", "triggers", _triggers, size=ACCOUNTS_A_RANGE),
    WholeChore("reminders", "ranks", lambda span: {"open offers ranked anew": rank_open_offers(span.day)}),
    WholeChore("reminders", "steps due soon", lambda span: {"reminders": remind(timezone.now())}),
    WholeChore("reminders", "deliveries", lambda span: {"late deliveries told of": remind_of_deliveries(span.day)}),
    WholeChore("reminders", "steps down", lambda span: {"warnings of a step down": warn_of_steps_down()}),
    WholeChore("reconciliation", "books", _books),
    WholeChore("reconciliation", "audit", _audit),
    WholeChore("reconciliation", "clearing away", _clear_away),
)


def wire() -> None:
    """Declare the night, its chores and the jobs that do them, once, when the app is ready."""
    declare_order(ORDER)
    for chore in CHORES:
        add_chore(chore)
    for step, label in ORDER.items():
        register_job(night_job(step, label, account_ranges))


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
    turn_the_day(timezone.now())


@shared_task(name="loyalty.notices")
def notices() -> None:
    tell_stale(timezone.now())
    tell_alerts(timezone.now().date())
    send_due()


@shared_task(name=WEBHOOKS)
def webhooks() -> None:
    """What goes out of the house: invoices that credit lowers first, since that is told by webhooks too."""
    settle_invoices(timezone.now())
    send_balance_changes()
    send_webhooks()


@shared_task(name="loyalty.seal")
def seal_audit() -> None:
    seal()


@shared_task(name="loyalty.changes")
def changes() -> None:
    carry_out_due()


@shared_task(name="loyalty.jobs")
def jobs() -> None:
    """Go on with long work for a while: one's own jobs first, then the parts of those that others run."""
    ends = time.monotonic() + SLICE.total_seconds()
    turn_the_day(timezone.now())
    while run_next() is not None:
        if time.monotonic() > ends:
            return
        turn_the_day(timezone.now())
    help_out()
    fold_if_many()
