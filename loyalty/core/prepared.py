"""Statements that are prepared on the server, for the few that run on every request.

Django fills parameters in by itself, so the server plans each statement anew;
for a long statement that costs more than running it. These share Django's
connection and its transaction.
"""

from collections.abc import Mapping
from typing import Any

import psycopg
from django.db import connection

# Django switches preparing off for the whole connection. Its own cursors cannot
# prepare whatever this is; it only has to be a number for ours to be able to.
_THRESHOLD = 5


def run_prepared(statement: str, parameters: Mapping[str, Any]) -> list[tuple[Any, ...]]:
    """The rows of a statement with `%(name)s` parameters, typed where the statement leaves it open.

    Raises what Django's cursors raise.
    """
    connection.ensure_connection()
    line: psycopg.Connection[Any] = connection.connection
    line.prepare_threshold = _THRESHOLD
    with connection.wrap_database_errors, psycopg.Cursor(line) as cursor:
        return cursor.execute(statement, parameters, prepare=True).fetchall()
