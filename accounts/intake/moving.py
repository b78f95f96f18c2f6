"""Moving events that were counted before it was told where their contact was at their time.

A call that comes late, or twice in another order, says where a contact was from
its time until the next call. Events in between that named no account go there,
with their daily sums; so do those before the first call of all. Days whose raw
events were deleted stay as they are, as do offers that were made. Invariant: an
event that names no account is in the end where its contact was at its time,
whatever came in first.
"""

from django.db import connection, transaction

from accounts.intake.receipts import until_no_deadlock
from accounts.intake.whereabouts import account_at, told_by
from accounts.milestones.verbs import look_again
from accounts.usage.counting import gigabytes_of
from accounts.usage.forgotten import HOLD, is_forgotten
from accounts.usage.moving import CREATE, MOVED, events_of_day, recount_moved
from loyalty.core.doorbell.verbs import ring_on_commit

# Marks at once; the rest is left to the next round.
AT_ONCE = 200

# Given once every transaction has ended that stores events by where their contacts were before the marks were made.
_WAIT_FOR_STORING = "LOCK TABLE accounts_event IN SHARE MODE"
_MARKS = "SELECT id, contact_id FROM accounts_placedirty ORDER BY id LIMIT %(at_once)s"
# Nobody tells anything new of them meanwhile, and no other worker moves their events.
_LOCK = "SELECT FROM accounts_contact WHERE id = ANY (%(contacts)s) ORDER BY id FOR NO KEY UPDATE"
_MOVE = f"""
WITH marks AS (
    DELETE FROM accounts_placedirty WHERE id = ANY (%(marks)s) RETURNING contact_id, since
),
spans AS MATERIALIZED (
    SELECT m.contact_id, {account_at("c", "m.since")} AS account_id,
           CASE WHEN c.seen_at < m.since OR EXISTS (SELECT {told_by("c.id", "p.occurred_at < m.since")}) THEN m.since
                ELSE '-infinity' END AS since,
           least((SELECT min(p.occurred_at) {told_by("c.id", "p.occurred_at > m.since")}),
                 CASE WHEN c.placed_at > m.since THEN c.placed_at END, 'infinity') AS until
    FROM (SELECT DISTINCT contact_id, since FROM marks) AS m JOIN accounts_contact c ON c.id = m.contact_id
),
days AS MATERIALIZED (
    SELECT s.*, d.account_id AS left_id, d.day
    FROM spans s
    JOIN accounts_contactday d ON d.contact_id = s.contact_id AND d.account_id <> s.account_id
     AND d.day >= (s.since AT TIME ZONE 'UTC')::date AND d.day <= (s.until AT TIME ZONE 'UTC')::date
),
leaving AS MATERIALIZED (
    SELECT DISTINCT ON (e.id) e.id, d.left_id, d.account_id, d.day
    FROM days d
    JOIN accounts_eventday n ON n.account_id = d.left_id AND n.day = d.day
    CROSS JOIN LATERAL (
        SELECT e.id FROM {events_of_day("n.account_id", "n.day", "n.name")}
          AND e.by_contact AND e.contact_id = d.contact_id AND e.occurred_at >= d.since AND e.occurred_at < d.until
          AND ({is_forgotten("e.occurred_at")}) IS NOT TRUE
    ) AS e
    ORDER BY e.id
),
moved AS (
    UPDATE accounts_event e SET account_id = l.account_id FROM leaving l WHERE e.id = l.id
    RETURNING l.left_id, l.account_id, e.contact_id, e.name, e.quantity, e.seconds, e.occurred_at,
              {gigabytes_of("e.properties")} AS gigabytes, l.day
)
INSERT INTO {MOVED} SELECT * FROM moved
"""


def move_events() -> int:
    """Bring the events of at most 200 marks where they belong, and ring for the rest; returns how many marks it was."""
    with connection.cursor() as cursor:
        cursor.execute(_MARKS, {"at_once": AT_ONCE})
        marks = dict(cursor.fetchall())
    if marks:
        with transaction.atomic(durable=True), connection.cursor() as cursor:
            cursor.execute(_WAIT_FOR_STORING)
        until_no_deadlock(lambda: _move(marks))
    if len(marks) == AT_ONCE:
        ring_on_commit()
    return len(marks)


@transaction.atomic
def _move(marks: dict[int, int]) -> None:
    with connection.cursor() as cursor:
        # First of all, as an erasure does; and before it is asked which days are forgotten.
        cursor.execute(HOLD)
        cursor.execute(_LOCK, {"contacts": sorted(set(marks.values()))})
        cursor.execute(CREATE)
        cursor.execute(_MOVE, {"marks": list(marks)})
    if left := recount_moved():
        look_again(left)
