"""Rows on their way from a file to the tables, in temporary tables of this session.

A chunk of rows is copied into `import_staged`, each with its text and its
values or its problem. `import_checked` is the same with accounts found and
every reason why a row is refused; `import_stored` holds those of its rows that
went in before. `import_seen` holds the ids of all chunks of the file so far, so
that a repeated id is known wherever it stands. Only PostgreSQL's memory and
disk grow with the file.
"""

from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from django.db import IntegrityError, connection, transaction

from accounts.intake.aliases import named_by_present_ids
from accounts.intake.files.shape import Field, Shape
from accounts.privacy.verbs import hold_off_erasures

TABLES = ("import_staged", "import_checked", "import_stored", "import_seen")
CREATE = """
CREATE TEMPORARY TABLE import_staged (line integer, raw text, {fields}, reason text);
CREATE TEMPORARY TABLE import_checked
    (line integer, {fields}, account_id bigint, contact_id bigint, day date, is_flagged boolean, reason text);
CREATE TEMPORARY TABLE import_stored (line integer, differs boolean);
CREATE TEMPORARY TABLE import_seen (id text, line integer)
"""
# For sorting and joining a chunk; samples of the usual size cost more than they tell of rows that stay for seconds.
SETTINGS = "SET LOCAL work_mem = '64MB'; SET LOCAL default_statistics_target = 10"

CHECK = """
INSERT INTO import_checked
SELECT r.line, {fields}, r.account_id, r.contact_id, r.day, r.is_flagged, r.reason FROM ({resolve}) AS r
"""
PRESENT_IDS = named_by_present_ids("import_staged")
# A repeat is refused even when it is the same in all its columns: which of two
# rows counts must not depend on how often the file is imported.
REPEATED = """
UPDATE import_checked c SET reason = %(own)s || ' is repeated: it stands in line ' || first.line || ' already.'
FROM ({first}) AS first
WHERE c.{id} = first.id AND c.line > first.line AND c.reason IS NULL
"""
IN_CHUNK = (
    "SELECT {id} AS id, min(line) AS line FROM import_checked WHERE reason IS NULL GROUP BY {id} HAVING count(*) > 1"
)
BEFORE_CHUNK = "SELECT id, line FROM import_seen"
DIFFERS = """
UPDATE import_checked c SET reason = %(own)s || ' is stored already, and says something else.'
FROM import_stored s WHERE s.line = c.line AND s.differs AND c.reason IS NULL
"""
KEEP_SEEN = "INSERT INTO import_seen SELECT {id}, line FROM import_checked WHERE reason IS NULL"

REMEMBER = """
INSERT INTO import_seen SELECT {id}, min(line) FROM import_staged
WHERE reason IS NULL AND {id} IS NOT NULL AND line NOT IN ({refused}) GROUP BY 1
"""
# So often somebody else may store a row of the chunk between our look and our writing.
TRIES = 3


@contextmanager
def staging(shape: Shape) -> Iterator[None]:
    """The temporary tables, for as long as one file is taken in."""
    with connection.cursor() as cursor:
        cursor.execute(f"DROP TABLE IF EXISTS {', '.join(TABLES)}")
        cursor.execute(CREATE.format(fields=", ".join(f"{f.name} {f.sql_type}" for f in shape.fields)))
        try:
            yield
        finally:
            if not connection.needs_rollback:
                cursor.execute(f"DROP TABLE IF EXISTS {', '.join(TABLES)}")


def remember_taken(shape: Shape) -> None:
    """Note the ids of the chunk before, which went in; of the last one nobody asks."""
    with connection.cursor() as cursor:
        cursor.execute(KEEP_SEEN.format(id=shape.id_field))


def copy_rows(names: Sequence[str], pieces: Iterable[bytes]) -> None:
    """Copy one chunk, in the text format of COPY with nothing for NULL; contacts are named by their present ids."""
    with connection.cursor() as cursor:
        cursor.execute(SETTINGS)
        cursor.execute("TRUNCATE import_staged, import_checked, import_stored")
        with cursor.copy(f"COPY import_staged ({', '.join(names)}) FROM STDIN (NULL '')") as copy:
            for piece in pieces:
                copy.write(piece)
        if "contact" in names:
            cursor.execute(PRESENT_IDS)


def remember_copied(shape: Shape, refused: str) -> None:
    """Note the ids of the copied rows, which went in already, but for those lines that the SQL `refused` selects."""
    with connection.cursor() as cursor:
        cursor.execute(REMEMBER.format(id=shape.id_sql or shape.id_field, refused=refused))


def check_rows(shape: Shape, mapped: Sequence[Field], parameters: dict[str, Any]) -> None:
    """Find accounts and contacts, and give every row that cannot go in its reason."""
    fields = ", ".join(f"r.{f.name}" for f in shape.fields)
    hold_off_erasures()
    with connection.cursor() as cursor:
        if prepare := shape.prepare(mapped):
            cursor.execute(prepare, parameters)
        cursor.execute(CHECK.format(fields=fields, resolve=shape.resolve), parameters)
        # A row of an earlier chunk is stored by now. Looked for first: the row that counts is the first of the file.
        is_some_stored = not shape.stored or _find_stored(shape, parameters)
        if is_some_stored:
            _refuse_repeated(shape, BEFORE_CHUNK, parameters)
        _refuse_repeated(shape, IN_CHUNK, parameters)
        if is_some_stored:
            cursor.execute(DIFFERS, parameters)
        cursor.execute("ANALYZE import_checked (account_id, reason)")


def take_rows(shape: Shape, mapped: Sequence[Field], parameters: dict[str, Any]) -> tuple[int, int, int, int]:
    """Put the good rows in; returns how many are good, new, changed and flagged."""
    with connection.cursor() as cursor:
        new, changed = _take(shape, mapped, parameters)
        new += shape.then(parameters)
        cursor.execute("SELECT count(*), count(*) FILTER (WHERE is_flagged) FROM import_checked WHERE reason IS NULL")
        good, flagged = cursor.fetchone()
    return good, new, changed, flagged


def refused_rows(shape: Shape) -> Iterator[tuple[int, str, str, str]]:
    """Line, text, own id and reason of every refused row of the chunk, by line; fetched as they are asked for."""
    with connection.chunked_cursor() as cursor:
        cursor.execute(
            f"SELECT c.line, s.raw, coalesce(c.{shape.id_field}, ''), c.reason"
            " FROM import_checked c JOIN import_staged s ON s.line = c.line"
            " WHERE c.reason IS NOT NULL ORDER BY c.line"
        )
        yield from cursor


def _take(shape: Shape, mapped: Sequence[Field], parameters: dict[str, Any]) -> tuple[int, int]:
    """How many rows are new and how many changed."""
    for left in reversed(range(TRIES)):
        try:
            with transaction.atomic(), connection.cursor() as cursor:
                cursor.execute(shape.take(mapped), parameters)
                new, changed = cursor.fetchone()
                return new, changed
        except IntegrityError:
            if not (shape.stored and left):
                raise
            _find_stored(shape, parameters)
            with connection.cursor() as cursor:
                cursor.execute(DIFFERS, parameters)
    raise AssertionError("The last try returns or raises.")


def _find_stored(shape: Shape, parameters: dict[str, Any]) -> bool:
    """Look which rows of the chunk are stored already; False when none is."""
    with connection.cursor() as cursor:
        cursor.execute("TRUNCATE import_stored")
        cursor.execute(f"INSERT INTO import_stored {shape.stored}", parameters)
        return bool(cursor.rowcount)


def _refuse_repeated(shape: Shape, first: str, parameters: dict[str, Any]) -> None:
    with connection.cursor() as cursor:
        cursor.execute(REPEATED.format(id=shape.id_field, first=first.format(id=shape.id_field)), parameters)
