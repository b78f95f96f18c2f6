"""For how long raw events are kept. Daily usage, facts and what was reached stay.

Events that a milestone counts stay too: without them it could no longer say how
often something happened. So do those that made a streak reached; streaks themselves
are counted from daily usage. Administrators set the months; until then all are kept.
"""

from datetime import date

from dateutil.relativedelta import relativedelta
from django.db import connection, transaction

from accounts.contacts.models import Retention
from loyalty.core.audit.rules import AuditVerb
from loyalty.core.audit.verbs import record
from loyalty.core.people.models import User
from loyalty.core.people.permissions import check_administrator

BATCH = 5000

_FORGET = """
WITH old AS (
    SELECT e.id FROM accounts_event e
    WHERE e.occurred_at < %(before)s
      AND NOT EXISTS (SELECT FROM accounts_milestone m WHERE m.event_name = e.name)
      AND NOT EXISTS (SELECT FROM accounts_milestonereach r WHERE r.event_id = e.id)
      AND NOT EXISTS (SELECT FROM accounts_streakreach r WHERE r.event_id = e.id)
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
    return _until_empty(_FORGET, before) + _until_empty(_FORGET_REFUSED, before)


def _until_empty(statement: str, before: date) -> int:
    total = 0
    while True:
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(statement, {"before": before, "batch": BATCH})
            deleted = int(cursor.rowcount)
        total += deleted
        if deleted < BATCH:
            return total
