"""For how long raw events are kept. Daily usage, facts and what was reached stay.

Events that a milestone counts stay too: without them it could no longer say how
often something happened. So do those that made a streak reached; streaks themselves
are counted from daily usage. Administrators set the months; until then all are kept.

Nothing is counted twice: before raw events are deleted, their days become
forgotten, and nothing dated in those days is stored any more. Days before and
after them are open, so that a first import may reach back as far as it likes.
"""

from datetime import date, timedelta

from dateutil.relativedelta import relativedelta
from django.db import connection, transaction

from accounts.contacts.models import Retention
from accounts.usage.forgotten import is_forgotten
from accounts.usage.models import ForgottenDays
from loyalty.core.audit.rules import AuditVerb
from loyalty.core.audit.verbs import record
from loyalty.core.people.models import User
from loyalty.core.people.permissions import check_administrator

BATCH = 5000

_OLD = """
FROM accounts_event e
WHERE e.occurred_at < %(before)s
  AND NOT EXISTS (SELECT FROM accounts_milestone m WHERE m.event_name = e.name)
  AND NOT EXISTS (SELECT FROM accounts_milestonereach r WHERE r.event_id = e.id)
  AND NOT EXISTS (SELECT FROM accounts_streakreach r WHERE r.event_id = e.id)
"""
_WIDEN = f"""
INSERT INTO accounts_forgottendays AS kept (id, since, until)
SELECT 1, date_trunc('day', first, 'UTC'), date_trunc('day', last, 'UTC') + interval '1 day'
FROM (SELECT min(e.occurred_at) AS first, max(e.occurred_at) AS last {_OLD}) AS old WHERE first IS NOT NULL
ON CONFLICT (id) DO UPDATE SET since = least(kept.since, excluded.since), until = greatest(kept.until, excluded.until)
"""
# Given once every transaction has ended that holds the table to store events, and with it what it asked before.
_WAIT_FOR_STORING = "LOCK TABLE accounts_event IN SHARE MODE"
# Older than the oldest forgotten day is only what came in meanwhile: it is forgotten the next night.
_FORGET = f"""
WITH old AS (
    SELECT e.id {_OLD} AND {is_forgotten("e.occurred_at")}
    ORDER BY e.id LIMIT %(batch)s
)
DELETE FROM accounts_event USING old WHERE accounts_event.id = old.id
"""
_FORGET_REFUSED = """
DELETE FROM accounts_refuseditem
WHERE id IN (SELECT id FROM accounts_refuseditem WHERE received_at < %(before)s ORDER BY id LIMIT %(batch)s)
"""


def kept_months() -> int | None:
    """The months that raw events are kept; None while nobody has set any."""
    return Retention.objects.filter(pk=1).values_list("months", flat=True).first()


def forgotten_days() -> tuple[date, date] | None:
    """The first and the last of the days (UTC) whose raw events were deleted; None while none were."""
    days = ForgottenDays.objects.first()
    return (days.since.date(), (days.until - timedelta(days=1)).date()) if days else None


@transaction.atomic
def keep_for(months: int | None, *, acting_user: User) -> None:
    """Set the months (at least 3), or None to keep all. Raises NotAllowed unless an administrator acts."""
    check_administrator(acting_user)
    before = kept_months()
    Retention.objects.update_or_create(pk=1, defaults={"months": months})
    record(
        AuditVerb.EDITED,
        acting_user=acting_user,
        object_type="retention",
        object_label="Retention of raw events",
        before={"months": before},
        after={"months": months},
    )


def forget_old(today: date) -> int:
    """Delete raw events, and what was refused, from before the months that are kept; returns how many rows.

    Batch after batch, each a transaction, so that the intake never waits long
    and a worker that dies has only less to do the next time.
    """
    months = kept_months()
    if months is None:
        return 0
    before = today - relativedelta(months=months)
    forgotten = _until_empty(_FORGET, before) if _close_days(before) else 0
    return forgotten + _until_empty(_FORGET_REFUSED, before)


def _close_days(before: date) -> bool:
    """Let nothing more be stored that is dated in the days that are about to be forgotten; whether there are any.

    Returns once nobody stores events who asked before these days were closed.
    """
    with transaction.atomic(durable=True), connection.cursor() as cursor:
        cursor.execute(_WIDEN, {"before": before})
        if not cursor.rowcount:
            return False
    with transaction.atomic(durable=True), connection.cursor() as cursor:
        cursor.execute(_WAIT_FOR_STORING)
    return True


def _until_empty(statement: str, before: date) -> int:
    total = 0
    while True:
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(statement, {"before": before, "batch": BATCH})
            deleted = int(cursor.rowcount)
        total += deleted
        if deleted < BATCH:
            return total
