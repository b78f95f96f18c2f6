"""Put records in by the id that they have in their system of record.

A row that would change nothing is left alone; a field whose column is not in
the file keeps what it has.
"""

from collections.abc import Mapping, Sequence

from accounts.intake.files.shape import Field

_UPDATE = "UPDATE SET {sets} WHERE ({kept}) IS DISTINCT FROM ({excluded})"

# `fixed` columns are made from the resolved row and always written.
UPSERT = """
WITH good AS (SELECT * FROM import_checked WHERE reason IS NULL AND {only}),
before AS (
    SELECT old.* FROM {table} old JOIN good USING (external_id)
),
written AS (
    INSERT INTO {table} AS kept ({columns})
    SELECT {values} FROM good ORDER BY external_id
    ON CONFLICT (external_id) DO {otherwise}
    RETURNING kept.*, xmax = 0 AS is_new
),
marks AS (
    INSERT INTO accounts_factsdirty (account_id, day)
    SELECT account_id, min(day) FROM ({marks}) AS touched GROUP BY account_id
)
SELECT count(*) FILTER (WHERE is_new), count(*) FILTER (WHERE NOT is_new) FROM written
"""

NOT_KNOWN = """CASE
    WHEN f.account IS NULL THEN 'The row names no account.'
    WHEN a.id IS NULL THEN 'There is no account ' || f.account || '. Import the accounts first.'
END"""


def upsert(
    table: str,
    mapped: Sequence[Field],
    every: Sequence[Field],
    fixed: Mapping[str, str],
    marks: str,
    *,
    at_first: Mapping[str, str] | None = None,
    only: str = "true",
) -> str:
    """The statement for one table.

    `every` field that is not among the mapped ones becomes what is empty, and
    `at_first` columns get their value, in new rows only. `only` is SQL for which
    of the rows are of this table.
    """
    by_column = {f.column: f for f in every if f.column}
    sources = {**fixed, **{c: f"coalesce(good.{f.name}, {f.empty})" for c, f in by_column.items()}, **(at_first or {})}
    sets = [c for c in sources if (c in fixed and c != "external_id") or by_column.get(c) in mapped]
    otherwise = _UPDATE.format(
        sets=", ".join(f"{c} = excluded.{c}" for c in sets),
        kept=", ".join(f"kept.{c}" for c in sets),
        excluded=", ".join(f"excluded.{c}" for c in sets),
    )
    return UPSERT.format(
        table=table,
        columns=", ".join(sources),
        values=", ".join(sources.values()),
        otherwise=otherwise if sets else "NOTHING",  # a row may tell nothing but that it is there
        marks=marks,
        only=only,
    )


def marks_of(day: str) -> str:
    """Marks for what a written row and the row before it touch; `day` is SQL over one such row, named `r`."""
    return (
        f"SELECT r.account_id, {day} AS day FROM written r"
        f" UNION ALL SELECT r.account_id, {day} FROM before r JOIN written USING (external_id)"
    )
