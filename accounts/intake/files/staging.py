"""Rows on their way from a file to the tables, in temporary tables of this session.

A chunk of rows is copied into `import_staged` as it stands in the file, each
with its values or its problem. `import_checked` is the same with accounts
found and every reason why a row is refused. `import_seen` holds the ids of all
chunks of the file so far, so that a repeated id is known wherever it stands.
Only PostgreSQL's memory and disk grow with the file.
"""

from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from django.db import connection

from accounts.intake.files.mapping import Mapped
from accounts.intake.files.reading import Row
from accounts.intake.files.shape import Shape

TABLES = ("import_staged", "import_checked", "import_seen")

SEEN = "CREATE TEMPORARY TABLE import_seen (id text PRIMARY KEY, line integer NOT NULL)"

# A repeat is refused even when it is the same in all its columns: which of two
# rows counts must not depend on how often the file is imported.
CHECK = """
INSERT INTO import_checked
SELECT {columns}, r.account_id, r.contact_id, r.day, r.is_flagged,
       coalesce(
           r.reason,
           CASE WHEN s.line IS NOT NULL OR r.first_line < r.line
                THEN %(own)s || ' is repeated: it stands in line ' || coalesce(s.line, r.first_line) || ' already.' END,
           r.clash
       )
FROM (
    SELECT f.*, first_value(f.line) OVER (PARTITION BY f.{id}, f.reason IS NULL ORDER BY f.line) AS first_line
    FROM ({resolve}) AS f
) AS r
LEFT JOIN import_seen s ON s.id = r.{id}
"""
KEEP_SEEN = "INSERT INTO import_seen SELECT {id}, line FROM import_checked WHERE reason IS NULL"

REMEMBER = """
INSERT INTO import_seen SELECT {id}, min(line) FROM import_staged
WHERE reason IS NULL AND {id} IS NOT NULL AND line NOT IN ({refused}) GROUP BY {id}
"""


@contextmanager
def staging(shape: Shape) -> Iterator[None]:
    """The temporary tables, for as long as one file is taken in."""
    columns = ", ".join(f"{f.name} {f.sql_type}" for f in shape.fields)
    staged = f"line integer, raw text, {columns}"
    with connection.cursor() as cursor:
        cursor.execute(f"DROP TABLE IF EXISTS {', '.join(TABLES)}")
        cursor.execute(f"CREATE TEMPORARY TABLE import_staged ({staged}, reason text)")
        cursor.execute(
            f"CREATE TEMPORARY TABLE import_checked"
            f" ({staged}, account_id bigint, contact_id bigint, day date, is_flagged boolean, reason text)"
        )
        cursor.execute(SEEN)
        try:
            yield
        finally:
            if not connection.needs_rollback:
                cursor.execute(f"DROP TABLE IF EXISTS {', '.join(TABLES)}")


def copy_rows(shape: Shape, mapped: Sequence[Mapped], rows: Iterable[Sequence[Any]]) -> None:
    """Copy one chunk: line, raw, the mapped values in their order, reason."""
    names = ", ".join(["line", "raw", *(m.field.name for m in mapped), "reason"])
    with connection.cursor() as cursor:
        cursor.execute("TRUNCATE import_staged, import_checked")
        with cursor.copy(f"COPY import_staged ({names}) FROM STDIN") as copy:
            for row in rows:
                copy.write_row(row)


def remember_rows(shape: Shape, own: Mapped, rows: Iterator[Row], last: int, refused: str) -> Row | None:
    """Note the ids of rows up to a line, which went in already; returns the first row behind it.

    `refused` is SQL for the lines of those that did not go in.
    """
    behind: list[Row] = []

    def ids() -> Iterator[Sequence[Any]]:
        for row in rows:
            if row.line > last:
                behind.append(row)
                return
            yield row.line, "", "" if row.problem else row.cells[own.place].strip(), row.problem or None

    copy_rows(shape, [own], ids())
    with connection.cursor() as cursor:
        cursor.execute(REMEMBER.format(id=shape.id_field, refused=refused))
    return behind[0] if behind else None


def check_rows(shape: Shape, mapped: Sequence[Mapped], parameters: dict[str, Any]) -> None:
    """Find accounts and contacts, and give every row that cannot go in its reason."""
    columns = ", ".join(f"r.{name}" for name in ("line", "raw", *(f.name for f in shape.fields)))
    check = CHECK.format(columns=columns, id=shape.id_field, resolve=shape.resolve)
    with connection.cursor() as cursor:
        if prepare := shape.prepare([m.field for m in mapped]):
            cursor.execute(prepare, parameters)
        cursor.execute(check, parameters)
        cursor.execute(KEEP_SEEN.format(id=shape.id_field))
        cursor.execute("ANALYZE import_checked")


def take_rows(shape: Shape, mapped: Sequence[Mapped], parameters: dict[str, Any]) -> tuple[int, int, int, int]:
    """Put the good rows in; returns how many are good, new, changed and flagged."""
    with connection.cursor() as cursor:
        cursor.execute(shape.take([m.field for m in mapped]), parameters)
        new, changed = cursor.fetchone()
        cursor.execute("SELECT count(*), count(*) FILTER (WHERE is_flagged) FROM import_checked WHERE reason IS NULL")
        good, flagged = cursor.fetchone()
    return good, new, changed, flagged


def refused_rows(shape: Shape) -> Iterator[tuple[int, str, str, str]]:
    """Line, raw row, own id and reason of every refused row of the chunk, by line."""
    with connection.cursor() as cursor:
        cursor.execute(
            f"SELECT line, raw, coalesce({shape.id_field}, ''), reason"
            " FROM import_checked WHERE reason IS NOT NULL ORDER BY line"
        )
        yield from iter(cursor.fetchone, None)
