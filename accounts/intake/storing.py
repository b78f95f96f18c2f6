"""Storing the events of a batch: one statement, whatever their number.

The rows come as one JSON parameter, find their account and contact by a join,
and are stored once per source and message id; what was really stored is added
up by day and marks the facts of its accounts dirty, in the same statement.
Rows are stored in the order of their message ids, so that two senders of the
same batch wait for each other and do not deadlock.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime

from django.db import connection

from accounts.intake.aliases import present_ids
from accounts.intake.placing import see_first
from accounts.intake.repeated import other_events
from accounts.intake.rows import COLUMNS, EventRow
from accounts.intake.rules import ERASED_CONTACT, FORGOTTEN, UNKNOWN_CONTACT, Refusal
from accounts.intake.storable import as_text
from accounts.intake.whereabouts import account_at
from accounts.sources.queries import Sender
from accounts.sources.rules import Kind
from accounts.usage.counting import COUNTING, GIGABYTES
from accounts.usage.erased import is_stored_erased
from accounts.usage.forgotten import is_forgotten
from loyalty.core.prepared import run_prepared

NEW_CONTACT = "new_contact"
_FIRST = "first"

# Whether an event that names its account tells where its contact was before anything else did. Nearly none does:
# it is older than the first of them, and older than what placed the contact, or nothing has.
_IS_FIRST = """
(i.group_id IS NOT NULL AND c.id IS NOT NULL
 AND (c.seen_at IS NULL OR i.occurred_at < c.seen_at OR (i.occurred_at = c.seen_at AND a.id <> c.seen_account_id))
 AND (c.placed_at >= i.occurred_at OR c.account_id IS NULL OR (c.placed_at IS NULL AND c.seen_at IS NOT NULL)))
"""

_RESOLVED = f"""
incoming AS MATERIALIZED (
    SELECT {COLUMNS} FROM jsonb_array_elements(%(rows)s::jsonb) AS r
),
resolved AS MATERIALIZED (
    SELECT i.*, CASE WHEN i.group_id IS NOT NULL THEN a.id ELSE {account_at("c", "i.occurred_at")} END AS account_id,
           c.id AS contact_id, {_IS_FIRST} AS is_first,
           CASE WHEN {is_forgotten("i.occurred_at")} THEN '{FORGOTTEN.code}'
                WHEN i.group_id IS NOT NULL AND a.id IS NULL THEN 'unknown_account'
                WHEN i.user_id IS NOT NULL AND c.id IS NULL THEN
                     CASE WHEN a.id IS NULL THEN 'unknown_contact' ELSE '{NEW_CONTACT}' END
                WHEN i.group_id IS NULL AND c.account_id IS NULL THEN 'contact_without_account'
           END AS problem
    FROM incoming i
    LEFT JOIN accounts_account a ON a.external_id = i.group_id
    LEFT JOIN accounts_contact c ON c.external_id = i.user_id
)
"""


def _stored(condition: str) -> str:
    """The resolved events under a condition, stored and added up."""
    return f"""
stored AS (
    INSERT INTO accounts_event (source_id, message_id, account_id, contact_id, name, quantity, seconds,
                                occurred_at, before_subscription, by_contact, properties)
    SELECT DISTINCT ON (message_id) %(source)s::bigint, message_id, account_id, contact_id, name, 1, seconds,
           occurred_at, false, group_id IS NULL, properties
    FROM resolved WHERE {condition} AND NOT ({is_stored_erased("%(source)s::bigint", "resolved.message_id")})
    ORDER BY message_id, position
    ON CONFLICT (source_id, message_id) DO NOTHING
    RETURNING message_id, account_id, contact_id, name, quantity, seconds, occurred_at, {GIGABYTES}
),
{COUNTING},
dirty AS (
    INSERT INTO accounts_factsdirty (account_id, day)
    SELECT account_id, day FROM counted_days
)
"""


_STORE = f"""
WITH {_RESOLVED}, {_stored("problem IS NULL")}
SELECT count(*), NULL::integer, NULL::text FROM stored
UNION ALL
SELECT 0, position, problem FROM resolved WHERE problem IS NOT NULL
UNION ALL
SELECT 0, r.position, '{_FIRST}' FROM resolved r JOIN stored s USING (message_id, account_id, contact_id, occurred_at)
WHERE r.is_first
"""

_STORE_ALL = f"""
WITH {_RESOLVED},
permitted AS (
    SELECT %(digest)s::text IS NULL OR EXISTS (
        SELECT FROM accounts_sourcekey k JOIN accounts_sourcekind r ON r.source_id = k.source_id
        WHERE k.digest = %(digest)s AND k.source_id = %(source)s AND (k.expires_at IS NULL OR k.expires_at > %(now)s)
          AND r.kind = '{Kind.USAGE}' AND r.is_active) AS is_permitted
),
clean AS MATERIALIZED (
    SELECT is_permitted AND NOT EXISTS (SELECT FROM resolved WHERE problem IS NOT NULL OR is_first) AS is_clean
    FROM permitted
),
{_stored("(SELECT is_clean FROM clean)")},
summed AS MATERIALIZED (SELECT count(*) AS accepted FROM stored),
batch AS (
    INSERT INTO accounts_intakebatch (source_id, channel, accepted, duplicates, refused)
    SELECT %(source)s::bigint, %(channel)s, accepted, %(events)s - accepted, 0
    FROM summed, clean WHERE is_clean AND accepted = %(events)s
),
touched AS (
    UPDATE accounts_source SET last_received_at = now()
    WHERE id = %(source)s AND %(touch)s AND (SELECT accepted FROM summed) = %(events)s
      AND (last_received_at IS NULL OR last_received_at < now() - interval '1 minute')
)
SELECT accepted, is_clean FROM summed, clean
"""

_NEW_CONTACTS = f"""
INSERT INTO accounts_contact
    (external_id, account_id, seen_account_id, seen_at, name, email, role, traits, created_at)
SELECT DISTINCT ON (i.user_id) i.user_id, a.id, a.id, i.occurred_at, '', '', 'user', '{{}}', now()
FROM (SELECT {COLUMNS} FROM jsonb_array_elements(%s::jsonb) AS r) AS i
JOIN accounts_account a ON a.external_id = i.group_id
ORDER BY i.user_id, i.occurred_at, i.group_id
ON CONFLICT (external_id) DO NOTHING
"""


@dataclass
class Stored:
    """What became of the events of a batch.

    `problems` is position → code of those that have no place, `others` position
    → refusal of those whose message id was taken in with another body.
    """

    accepted: int = 0
    duplicates: int = 0
    problems: dict[int, str] = field(default_factory=dict)
    others: dict[int, Refusal] = field(default_factory=dict)

    def tell_apart(self, others: dict[int, Refusal]) -> None:
        """Of the duplicates, these are none: they say something else."""
        self.others = others
        self.duplicates -= len(others)

    def settle(self, again: "Stored", rows: Iterable[EventRow]) -> None:
        """Put what became of these rows at another try in the place of their problems."""
        for row in rows:
            del self.problems[row.position]
        self.accepted += again.accepted
        self.duplicates += again.duplicates
        self.problems |= again.problems


def store_events(source_id: int, rows: list[EventRow], text: str) -> Stored:
    """Store events; `text` is the rows as JSON. Call inside a transaction.

    One that names no account is at that where its contact was at its time. One
    with an id that its contact had before an alias call is theirs. One of a
    contact nobody told us of, at an account that it names itself, makes the
    contact: what arrives before its identify call is not lost. Events of a
    message id that is known already are counted as duplicates, or are problems
    when they say something else.
    """
    result = _store(source_id, text, len(rows))
    rows = _by_present_ids(rows, result)
    if strangers := [row for row in rows if row.position in result.problems]:
        result.settle(_store(source_id, as_text(strangers), len(strangers)), strangers)
    if newcomers := [row for row in strangers if result.problems.get(row.position) == NEW_CONTACT]:
        with connection.cursor() as cursor:
            cursor.execute(_NEW_CONTACTS, [as_text(newcomers)])
        result.settle(_store(source_id, as_text(newcomers), len(newcomers)), newcomers)
    # Made, and still not there: the database lets nobody come back who was erased.
    result.problems |= {p: ERASED_CONTACT.code for p, code in result.problems.items() if code == NEW_CONTACT}
    if result.duplicates:
        placed = [row for row in rows if row.position not in result.problems]
        result.tell_apart(other_events(source_id, placed, as_text(placed)))
    return result


def _by_present_ids(rows: list[EventRow], result: Stored) -> list[EventRow]:
    """The rows with the ids that those contacts have now whom nobody knows by the id that was sent."""
    unknown = {p for p, code in result.problems.items() if code in (NEW_CONTACT, UNKNOWN_CONTACT.code)}
    present = present_ids(row.user_id for row in rows if row.position in unknown and row.user_id is not None)
    return [row._replace(user_id=present[row.user_id]) if row.user_id in present else row for row in rows]


def store_all(
    sender: Sender, channel: str, events: int, text: str, *, now: datetime, digest: str | None = None
) -> Stored | None:
    """Store the events of an ordinary batch and count it, as one statement and so one transaction.

    `digest`: of a key that nobody has looked up yet in this request. With
    duplicates among them the batch is not counted yet: whether these say
    something else has to be looked at first. None when some event has no place
    or tells where its contact was at first, or the key is no longer one of the
    source, or that no longer the system of record for usage; then nothing was
    stored.
    """
    parameters = {"rows": text, "source": sender.source_id, "channel": channel, "events": events}
    parameters |= {"digest": digest, "now": now, "touch": sender.is_heard}
    ((accepted, is_clean),) = run_prepared(_STORE_ALL, parameters)
    return Stored(accepted, events - accepted) if is_clean else None


def _store(source_id: int, text: str, events: int) -> Stored:
    """One run of the statement; NEW_CONTACT is among the problems when the contact has to be made first."""
    answer = run_prepared(_STORE, {"rows": text, "source": source_id})
    accepted = next(count for count, position, _ in answer if position is None)
    if first := [position for _, position, code in answer if code == _FIRST]:
        see_first(text, first)
    problems: dict[int, str] = {p: code for _, p, code in answer if p is not None and code != _FIRST}
    return Stored(accepted, events - accepted - len(problems), problems)
