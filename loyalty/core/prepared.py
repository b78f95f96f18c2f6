"""Statements that are prepared on the server, for the few that run on every request.

Django fills parameters in by itself, so the server plans each statement anew;
for a long statement that costs more than running it. These share Django's
connection and its transaction.
"""

import re
from collections.abc import Mapping
from functools import cache
from typing import Any

import psycopg
from django.db import connection

# Django switches preparing off for the whole connection. Its own cursors cannot
# prepare whatever this is; it only has to be a number for ours to be able to.
_THRESHOLD = 5


_PARAMETER = re.compile(r"%(?:\((\w+)\)s|(%))")


def run_prepared(statement: str, parameters: Mapping[str, Any]) -> list[tuple[Any, ...]]:
    """The rows of a statement with `%(name)s` parameters, typed where the statement leaves it open.

    Raises what Django's cursors raise; KeyError when a parameter is missing.
    """
    numbered, names = _numbered(statement)
    connection.ensure_connection()
    line: psycopg.Connection[Any] = connection.connection
    line.prepare_threshold = _THRESHOLD
    with connection.wrap_database_errors, psycopg.RawCursor(line) as cursor:
        return cursor.execute(numbered, [parameters[name] for name in names], prepare=True).fetchall()


@cache
def _numbered(statement: str) -> tuple[str, list[str]]:
    """The statement as the server takes it, with $1, $2 …, and the names of these.

    psycopg does this anew each time for a statement of more than 4,096
    characters, and a long one takes it half a millisecond.
    """
    names: list[str] = []

    def place(found: re.Match[str]) -> str:
        name, percent = found.groups()
        if percent:
            return "%"
        if name not in names:
            names.append(name)
        return f"${names.index(name) + 1}"

    return _PARAMETER.sub(place, statement), names
