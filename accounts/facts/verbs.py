"""Working account facts out again.

Invariants: a row is what the statement makes of the records and events that
are committed when it runs; two refreshes of one account never overlap, so the
later one sees all that the earlier one saw; a dirty mark goes away in the
transaction that serves it. An account whose figures the database cannot hold
keeps its mark and its facts as they were, and stops nobody else.
"""

from collections.abc import Iterator, Mapping, Sequence
from datetime import date, timedelta

from dateutil.relativedelta import relativedelta
from django.conf import settings
from django.db import connection, transaction
from django.utils import timezone

from accounts.facts.apart import serve_apart, tell_left_out
from accounts.facts.followers import follow_all
from accounts.facts.models import FactsDirty
from accounts.facts.statement import REFRESH
from accounts.milestones.verbs import detect
from accounts.records.models import Account
from accounts.streaks.verbs import count_runs
from loyalty.core.doorbell.verbs import ring_on_commit

ACCOUNTS_A_RANGE = 1000
# Facts are kept for 25 months: a mark of an older day is served from the first day that is kept.
KEPT_MONTHS = 25
# Next month's partition is made in good time, because making one waits for all readers.
PARTITIONS_AHEAD = timedelta(days=31)
# What happened of late is served before history that came in late: an account whose marks reach back
# further has many days worked out, so that of these a step takes only a tenth as many.
RECENT = timedelta(days=30)
FEWER = 10

CLAIM = """
WITH waiting AS (
    SELECT account_id FROM accounts_factsdirty WHERE day >= %(since)s::date AND held_since IS NULL
    ORDER BY id LIMIT %(limit)s FOR UPDATE SKIP LOCKED
), claimed AS (
    DELETE FROM accounts_factsdirty
    WHERE id IN (
        SELECT id FROM accounts_factsdirty
        WHERE account_id IN (SELECT account_id FROM waiting)
        FOR UPDATE SKIP LOCKED
    )
    RETURNING account_id, day
)
SELECT account_id, min(day) FROM claimed GROUP BY account_id ORDER BY account_id
"""


def refresh(account_ids: Sequence[int] | None, first_day: date, last_day: date, *, follow: bool = True) -> int:
    """Work out the facts of [first_day, last_day] for some accounts, or for all (None).

    Days in UTC. Returns how many rows were written; rows that stay as they are
    are not. All accounts are taken in ranges, each a transaction of its own
    unless the caller has opened one. With `follow`, what is worked out from facts follows in
    the same transaction. Raises nothing when there is no such account. An account whose
    figures the database cannot hold is left out, with a mark that is held back, and the
    administrators are told.
    """

    def work_out(ids: Sequence[int]) -> int:
        first_days = dict.fromkeys(ids, first_day)
        count_runs(dict.fromkeys(ids))
        rows = _refresh_locked(first_days, last_day)
        if follow:
            follow_all(first_days, last_day)
        return rows

    _ensure_partitions(first_day, last_day)
    written = 0
    for ids in ranges_of_accounts(account_ids):
        with transaction.atomic():
            rows, left_out = serve_apart(lock_accounts(ids), work_out)
            written += rows
            _hold(dict.fromkeys(left_out, first_day))
            tell_left_out(left_out)
    return written


def refresh_dirty(limit: int, *, up_to: date | None = None) -> list[int]:
    """Serve up to `limit` dirty marks, with all marks of the same accounts; returns the accounts, or none.

    One transaction: milestones and streaks are detected, then the facts worked out from
    the earliest marked day to `up_to` (UTC, default today; a later mark counts
    as that day). Marks of the last 30 days come first, of each age the oldest
    mark. Marks that another worker is serving are left to it. Those of accounts whose
    figures the database cannot hold are held back, and the administrators are told.
    """
    last_day = up_to or timezone.now().date()
    oldest = (last_day - relativedelta(months=KEPT_MONTHS)).replace(day=1)
    _ensure_partitions(last_day, last_day)
    with transaction.atomic():
        marked = _claim(limit, last_day - RECENT) or _claim(max(limit // FEWER, 1), None)
        if marked:
            first_days = {account: min(max(day, oldest), last_day) for account, day in marked.items()}
            _ensure_partitions(min(first_days.values()), last_day)
            lock_accounts(list(first_days))

            def work_out(ids: Sequence[int]) -> int:
                mine = {account: first_days[account] for account in ids}
                detect(ids)
                count_runs({account: marked[account] for account in ids})
                rows = _refresh_locked(mine, last_day)
                follow_all(mine, last_day)
                return rows

            _, left_out = serve_apart(list(first_days), work_out)
            _hold({account: marked[account] for account in left_out})
            tell_left_out(left_out)
    return list(marked)


def follow_facts(first_day: date, last_day: date) -> None:
    """What follows from the facts of [first_day, last_day] (UTC) of all accounts, refreshed without followers before.

    Accounts are taken in ranges, each a transaction of its own.
    """
    for ids in ranges_of_accounts(None):
        with transaction.atomic():
            follow_all(dict.fromkeys(lock_accounts(ids), first_day), last_day)


def mark_all(day: date) -> None:
    """Have the facts of all accounts, and what follows from them, worked out again from a day (UTC) on, in seconds.

    Call it in the transaction of the change that makes them different.
    """
    with connection.cursor() as cursor:
        # In the order of ids, so that two who mark all accounts never wait for each other.
        cursor.execute(
            "INSERT INTO accounts_factsdirty (account_id, day) SELECT id, %s FROM accounts_account ORDER BY id", [day]
        )
    ring_on_commit()


def try_held_again() -> int:
    """Let the marks be served again that were held back; returns how many there were."""
    released = FactsDirty.objects.filter(held_since__isnull=False).update(held_since=None)
    if released:
        ring_on_commit()
    return released


def _hold(marked: Mapping[int, date]) -> None:
    """Give marks that were taken away back, to be served later than all others."""
    now = timezone.now()
    FactsDirty.objects.bulk_create(FactsDirty(account_id=pk, day=day, held_since=now) for pk, day in marked.items())


def _claim(limit: int, since: date | None) -> dict[int, date]:
    """Take dirty marks of days since then (None: of any day) away; account → earliest marked day."""
    with connection.cursor() as cursor:
        cursor.execute(CLAIM, {"limit": limit, "since": since or "-infinity"})
        return dict(cursor.fetchall())


def _refresh_locked(first_days: Mapping[int, date], last_day: date) -> int:
    if not first_days:
        return 0
    with connection.cursor() as cursor:
        cursor.execute(
            REFRESH,
            {
                "accounts": list(first_days),
                "first_days": list(first_days.values()),
                "last_day": last_day,
                "currency": settings.REPORTING_CURRENCY,
                "company_zone": settings.COMPANY_TIME_ZONE,
            },
        )
        return int(cursor.rowcount)


def lock_accounts(account_ids: Sequence[int]) -> list[int]:
    """Lock the accounts in the order of their ids; events of theirs may still come in meanwhile."""
    rows = Account.objects.filter(pk__in=account_ids).order_by("pk").select_for_update(no_key=True)
    return list(rows.values_list("pk", flat=True))


def ranges_of_accounts(account_ids: Sequence[int] | None) -> Iterator[Sequence[int]]:
    """Some accounts, or all (None), in the order of their ids, so many at a time as one transaction takes."""
    ids = sorted(account_ids if account_ids is not None else Account.objects.values_list("pk", flat=True))
    return (ids[start : start + ACCOUNTS_A_RANGE] for start in range(0, len(ids), ACCOUNTS_A_RANGE))


def _ensure_partitions(first_day: date, last_day: date) -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT ensure_facts_partitions(%s, %s)", [first_day, last_day + PARTITIONS_AHEAD])
