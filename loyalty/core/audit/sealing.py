"""Sealing the audit in batches, and proving that nothing in it was altered since.

Writers wait for nothing: they only insert. A seal takes whatever lines have
become visible since, also one with a low number whose transaction took its
time; only one process seals at a time, and a fork of the chain is refused by
the database. Who rewrites line, seal and every later seal is found out by the
last digest, if it was noted elsewhere: `manage.py check_audit` prints it.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db import connection, transaction
from django.utils import timezone

from loyalty.core.audit.models import AuditSeal

# Of a bigint.
LEAST_ID = -(2**63)
# So many lines a seal at most: a second of work.
BATCH = 20_000
# No transaction stays open for longer; a line that turns up later than that was slipped in.
LATEST = timedelta(hours=24)

# A line as one text, always the same: JSON without times or floats, keys in PostgreSQL's own order.
_DIGEST = """sha256(convert_to((jsonb_build_array(
    a.id, (extract(epoch FROM a.at) * 1000000)::bigint, a.actor_id, a.actor_name, a.verb, a.object_type, a.object_id,
    a.object_label, a.before, a.after, a.reason)
    || CASE WHEN a.typed_id IS NULL THEN '[]'::jsonb ELSE jsonb_build_array(a.typed_id) END)::text, 'UTF8'))"""

# What a seal says: the one before, and each line's number and digest, in their order.
_CHAINED = """encode(sha256(convert_to({previous}, 'UTF8')
    || string_agg(int8send({id}) || {digest}, ''::bytea ORDER BY {order})), 'hex')"""

_SEAL = f"""
WITH floor AS (
    SELECT coalesce(max(last_id), 0) AS id FROM core_auditseal WHERE sealed_at < %(long_ago)s
), known AS (
    SELECT unnest(s.line_ids) AS id FROM core_auditseal s, floor WHERE s.last_id > floor.id
), lines AS (
    SELECT a.id, {_DIGEST} AS digest FROM core_auditline a, floor
    WHERE a.id > floor.id AND NOT EXISTS (SELECT FROM known WHERE known.id = a.id)
    ORDER BY a.id LIMIT %(batch)s
), last AS (
    SELECT coalesce((SELECT digest FROM core_auditseal ORDER BY id DESC LIMIT 1), '') AS digest
)
INSERT INTO core_auditseal (sealed_at, previous, digest, first_id, last_id, line_ids, line_digests)
SELECT %(now)s, last.digest, {_CHAINED.format(previous="last.digest", id="l.id", digest="l.digest", order="l.id")},
       min(l.id), max(l.id), array_agg(l.id ORDER BY l.id), array_agg(l.digest ORDER BY l.id)
FROM lines l, last GROUP BY last.digest
RETURNING cardinality(line_ids)
"""

_BROKEN_SEALS = f"""
WITH chain AS (
    SELECT s.*, coalesce(lag(s.digest) OVER (ORDER BY s.id), '') AS before FROM core_auditseal s
)
SELECT c.id, c.previous <> c.before AS is_torn,
       c.digest IS DISTINCT FROM (
           SELECT {_CHAINED.format(previous="c.previous", id="u.id", digest="u.digest", order="u.place")}
           FROM unnest(c.line_ids, c.line_digests) WITH ORDINALITY AS u (id, digest, place)) AS is_altered
FROM chain c WHERE c.id >= %(from_seal)s ORDER BY c.id
"""

_ALTERED_LINES = f"""
SELECT u.id, s.id, a.id IS NULL
FROM core_auditseal s CROSS JOIN LATERAL unnest(s.line_ids, s.line_digests) AS u (id, digest)
LEFT JOIN core_auditline a ON a.id = u.id
WHERE s.id >= %(from_seal)s AND (a.id IS NULL OR u.digest <> {_DIGEST})
ORDER BY u.id LIMIT 1000
"""

# Of words that were struck no proof is left; the database lets nothing but names go from them.
_OTHER_WORDS = """
SELECT a.id FROM core_auditline a JOIN core_typedwords t ON t.digest = a.typed_id
WHERE a.id >= %(from_line)s AND t.struck_at IS NULL
  AND t.digest <> encode(sha256(convert_to(t.salt || t.text, 'UTF8')), 'hex')
ORDER BY a.id LIMIT 1000
"""

_SLIPPED_IN = """
WITH sealed AS (SELECT unnest(line_ids) AS id FROM core_auditseal WHERE last_id >= %(from_line)s)
SELECT a.id FROM core_auditline a
WHERE a.id BETWEEN %(from_line)s AND (SELECT max(last_id) FROM core_auditseal WHERE sealed_at < %(long_ago)s)
  AND NOT EXISTS (SELECT FROM sealed WHERE sealed.id = a.id)
ORDER BY a.id LIMIT 1000
"""


@dataclass(frozen=True)
class Problem:
    """One thing that is not as it was sealed; `line` is its number, None when it is the seal itself."""

    line: int | None
    words: str


@dataclass(frozen=True)
class Checked:
    """What was proved: so many lines in so many seals; `last_digest` is worth noting elsewhere."""

    lines: int
    seals: int
    unsealed: int
    last_digest: str
    problems: list[Problem]


def seal(*, now: datetime | None = None) -> int:
    """Seal all lines that are not sealed yet; returns how many. 0 while another process does so."""
    moment, sealed = now or timezone.now(), 0
    while count := _seal_batch(moment):
        sealed += count
        if count < BATCH:
            break
    return sealed


@transaction.atomic
def _seal_batch(now: datetime) -> int:
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_xact_lock(hashtextextended('seal of the audit', 0))")
        if cursor.fetchone() != (True,):
            return 0
        cursor.execute(_SEAL, {"now": now, "long_ago": now - LATEST, "batch": BATCH})
        row = cursor.fetchone()
    return int(row[0]) if row else 0


@transaction.atomic
def check_seals(*, last: int | None = None, now: datetime | None = None) -> Checked:
    """Compare every sealed line with its seal, and every seal with the one before it.

    `last`: only so many seals, the newest. The first 1,000 lines that differ are named.
    """
    moment = now or timezone.now()
    from_seal, from_line = _beginning(last)
    parameters: dict[str, int | datetime] = {
        "from_seal": from_seal,
        "from_line": from_line,
        "long_ago": moment - LATEST,
    }
    problems: list[Problem] = []
    with connection.cursor() as cursor:
        cursor.execute(_ALTERED_LINES, parameters)
        for line, batch, is_gone in cursor.fetchall():
            words = "was deleted" if is_gone else "does not say what it said"
            problems.append(Problem(line, f"Line {line} {words} when seal {batch} was made"))
        cursor.execute(_OTHER_WORDS, parameters)
        problems += [Problem(line, f"Line {line} does not have the words that were typed") for (line,) in cursor]
        cursor.execute(_BROKEN_SEALS, parameters)
        for batch, is_torn, is_altered in cursor.fetchall():
            if is_altered:
                problems.append(Problem(None, f"Seal {batch} was altered"))
            if is_torn:
                problems.append(Problem(None, f"Seal {batch} does not follow the seal before it: one was taken out"))
        cursor.execute(_SLIPPED_IN, parameters)
        slipped = [line for (line,) in cursor.fetchall()]
        problems += [Problem(line, f"Line {line} was slipped in later: no seal has it") for line in slipped]
        cursor.execute(
            "SELECT count(*), coalesce(sum(cardinality(line_ids)), 0) FROM core_auditseal WHERE id >= %(from_seal)s",
            parameters,
        )
        seals, lines = cursor.fetchone()
    return Checked(int(lines), int(seals), _unsealed(), last_digest(), problems)


def last_digest() -> str:
    """The digest of the newest seal; "" before the first."""
    return AuditSeal.objects.order_by("-id").values_list("digest", flat=True).first() or ""


def last_seal() -> AuditSeal | None:
    """The newest seal, without its arrays; None before the first."""
    return AuditSeal.objects.defer("line_ids", "line_digests").order_by("-id").first()


def seal_of(line_id: int) -> AuditSeal | None:
    """The seal that has this line, without its arrays; None while it waits for one."""
    has_it = AuditSeal.objects.filter(first_id__lte=line_id, last_id__gte=line_id, line_ids__contains=[line_id])
    return has_it.defer("line_ids", "line_digests").first()


def _beginning(last: int | None) -> tuple[int, int]:
    """The first seal that is looked at, and the first line that it could have."""
    if last is None:
        return 0, LEAST_ID
    newest = list(AuditSeal.objects.order_by("-id").values_list("pk", "last_id")[: last + 1])
    if len(newest) <= last:
        return 0, LEAST_ID
    return newest[-2][0], newest[-1][1] + 1


def _unsealed() -> int:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT count(*) FROM core_auditline WHERE id > (SELECT coalesce(max(last_id), 0) FROM core_auditseal)"
        )
        return int(cursor.fetchone()[0])
