"""Emptying the database after a test that commits.

Django does it by TRUNCATE of the tables that it manages. That leaves out the partitioned
ones, the append-only tables refuse it, as they should, and the rows that migrations made
(the chart of accounts) would go too. So all tables are emptied, the refusal is lifted
for that one statement, inside its transaction, and those rows are put back.
"""

from collections.abc import Iterator

import pytest
from django.db import connection, transaction
from django.db.backends.postgresql.operations import DatabaseOperations
from django.db.backends.utils import CursorWrapper
from pytest_django import DjangoDbBlocker

KEPT = "rows_from_migrations"


@pytest.fixture(scope="session")
def django_db_setup(django_db_setup: None, django_db_blocker: DjangoDbBlocker) -> Iterator[None]:
    """The test database, and what it held when it was new."""
    with django_db_blocker.unblock(), transaction.atomic(), connection.cursor() as cursor:
        _keep_rows(cursor)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(DatabaseOperations, "execute_sql_flush", _empty)
        yield


def _keep_rows(cursor: CursorWrapper) -> None:
    cursor.execute(f"CREATE SCHEMA IF NOT EXISTS {KEPT}")
    for table in _tables(cursor):
        cursor.execute(f'SELECT EXISTS (SELECT FROM public."{table}")')
        if cursor.fetchone() == (True,):
            cursor.execute(f'CREATE TABLE IF NOT EXISTS {KEPT}."{table}" AS TABLE public."{table}"')


def _tables(cursor: CursorWrapper) -> list[str]:
    # Not by introspection, which names the temporary tables of this session too.
    cursor.execute("SELECT tablename FROM pg_tables WHERE schemaname = 'public'")
    return sorted({table for (table,) in cursor.fetchall()} - {"django_migrations"})


def _empty(operations: DatabaseOperations, sql_list: list[str]) -> None:
    """Stands in for `execute_sql_flush`; what Django would have run, `sql_list`, is not enough.

    Of some hundred tables a test fills a few, and to truncate an empty one costs as much as a full one.
    """
    with transaction.atomic(), connection.cursor() as cursor:
        # The keys and the guards of the tables are left alone for these statements: nothing is left to refer to.
        cursor.execute("SET LOCAL session_replication_role = replica")
        for table in _filled(cursor):
            cursor.execute(f'DELETE FROM public."{table}"')
        cursor.execute("SELECT tablename FROM pg_tables WHERE schemaname = %s", [KEPT])
        for (table,) in cursor.fetchall():
            cursor.execute(f'INSERT INTO public."{table}" SELECT * FROM {KEPT}."{table}"')


def _filled(cursor: CursorWrapper) -> list[str]:
    tables = _tables(cursor)
    cursor.execute(
        " UNION ALL ".join(f"SELECT '{table}' WHERE EXISTS (SELECT FROM public.\"{table}\")" for table in tables)
    )
    return [table for (table,) in cursor.fetchall()]
