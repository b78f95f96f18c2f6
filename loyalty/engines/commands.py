"""Which management commands need the engines, and as which database role.

A command that only reads code should not wait for a database; one that
changes tables must own them; all others run with the application's few rights.
"""

import os
import warnings
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from loyalty.engines.endpoints import locate
from loyalty.engines.session import Session

NEEDS_NONE = frozenset(
    {
        "check",
        "collectstatic",
        "compilemessages",
        "diffsettings",
        "findstatic",
        "help",
        "makemessages",
        "makemigrations",
        "startapp",
        "startproject",
        "version",
    }
)
STARTS_ITS_OWN = frozenset({"demo", "up"})
OWNS_TABLES = frozenset({"dbshell", "flush", "migrate", "showmigrations", "sqlmigrate", "test", "testserver"})


def needs_engines(argv: Sequence[str]) -> bool:
    """Whether `manage.py` with these arguments (program name left out) will use database or broker."""
    if not argv or argv[0].startswith("-") or {"-h", "--help"} & set(argv):
        return False
    if argv[0] == "check":
        return "--database" in argv
    return argv[0] not in NEEDS_NONE | STARTS_ITS_OWN


def role(argv: Sequence[str]) -> str:
    """The database role of a command: `owner` or `app`."""
    return "owner" if argv and argv[0] in OWNS_TABLES else "app"


def take_data_dir(argv: Sequence[str]) -> tuple[list[str], str]:
    """Take `--data-dir DIR` out of the arguments, so that every command understands it.

    It must be known before the settings are read. Returns the other arguments
    and the folder, or "" when none was given; the last one counts.
    """
    rest: list[str] = []
    found = ""
    waiting = iter(argv)
    for argument in waiting:
        if argument == "--data-dir":
            found = next(waiting, "")
        elif argument.startswith("--data-dir="):
            found = argument.partition("=")[2]
        else:
            rest.append(argument)
    return rest, found


@contextmanager
def engines_for(argv: Sequence[str]) -> Iterator[None]:
    """Keep the embedded engines running while a command runs, if it needs any.

    Attaches to those of a running application, else starts them and stops them after.
    """
    endpoints = locate(os.environ)
    if argv[:1] == ["makemigrations"]:
        # It compares with the database if one is there; that none is, is no news.
        warnings.filterwarnings("ignore", "Got an error checking a consistent migration history", RuntimeWarning)
    wanted = needs_engines(argv) and (endpoints.embedded or endpoints.embedded_broker)
    if not wanted:
        yield
        return
    session = Session(endpoints.places, with_postgres=endpoints.embedded, with_broker=endpoints.embedded_broker)
    session.start()
    try:
        yield
    finally:
        session.stop()
