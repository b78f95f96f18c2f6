"""Verbs that somebody acts by are watched while the tests run: one that wrote and left no audit line fails the test.

A verb is a public function of ours that takes `acting_user` by name. Only the outermost
one is judged, for a verb may tell of what it lets others do, and only when it
returns: what raises changes nothing. So that none stays unwatched, each verb stands in SEEN_BY with a test
that lets it write; test_complete proves that none is left out.
"""

import functools
import importlib
import inspect
import pkgutil
import re
import sys
import threading
from collections.abc import Callable, Iterator
from types import ModuleType
from typing import Any

import pytest
from django.db import connection

import accounts
import loyalty
import rewards
from loyalty.core.changes.registry import Changeable
from tests.audited_by import SEEN_BY

# What may stay untold, and why.
UNTOLD = {
    "accounts.privacy.verbs.tell_consent": "its callers tell it; what systems send stands dated in the consents",
    "accounts.intake.replaying.try_again": "its callers tell it; what the programme sends again is noted on the item",
    "loyalty.core.notices.verbs.mark_read": "reading one's own inbox decides and changes nothing for anybody",
    "loyalty.core.notices.verbs.mark_all_read": "as mark_read",
}
# What takes `acting_user` and writes nothing by itself, and why.
WRITES_NOTHING = {
    "loyalty.core.audit.refusing.refused_line": "makes a line, which its callers save",
    "loyalty.core.audit.refusing.telling_refusals": "a frame around what verbs do; they are watched",
}
# What only asks whether somebody may do something, and what is not for others to call.
NOT_VERBS = ("_", "check_", "may_")
TELLING = ("loyalty.core.audit.verbs.record", "loyalty.core.audit.verbs.audit_line")
AUDIT = "core_auditline"
# Of our own tables: a temporary one keeps nothing.
WRITES = re.compile(r'\b(?:INSERT\s+INTO|UPDATE|DELETE\s+FROM)\s+"?((?:core|accounts|rewards|mfa)_\w+)', re.I)
# What functions of the database write; they give no row when they wrote nothing.
WRITERS = {"ledger_post(": {"rewards_posting", "rewards_postingline", AUDIT}}
LOCKING = re.compile(r"\bFOR\s+(?:NO\s+KEY\s+)?UPDATE\b|\bDO\s+UPDATE\b", re.I)

Verb = Callable[..., Any]
_inside = threading.local()
_told: set[str] = set()


class LeftNoLine(AssertionError):
    """A verb wrote, and nobody will ever read who did it."""


class NotSeen(AssertionError):
    """The test that proves that a verb leaves a line proves it no more."""


def modules() -> Iterator[ModuleType]:
    """Every module of the application but migrations."""
    for package in (loyalty, accounts, rewards):
        for found in pkgutil.walk_packages(package.__path__, f"{package.__name__}."):
            if ".migrations" not in found.name and found.name not in ("loyalty.wsgi",):
                yield importlib.import_module(found.name)


@functools.cache
def verbs() -> dict[str, Verb]:
    """Every verb by its dotted name, as it stands in its module."""
    found = {}
    for module in modules():
        for name, thing in vars(module).items():
            dotted = f"{module.__name__}.{name}"
            if name.startswith(NOT_VERBS) or not inspect.isfunction(thing) or dotted in TELLING:
                continue
            is_its_own = inspect.unwrap(thing).__module__ == module.__name__
            if is_its_own and "acting_user" in inspect.signature(thing).parameters:
                found[dotted] = thing
    return found


def watched(name: str, verb: Verb) -> Verb:
    """The verb, which raises LeftNoLine when nothing around it wrote an audit line though it wrote something."""

    @functools.wraps(verb)
    def act(*args: Any, **kwargs: Any) -> Any:
        if getattr(_inside, "acts", None):
            return _one(name, verb, args, kwargs)
        _inside.acts, _inside.wrote = [], set()
        try:
            with connection.execute_wrapper(_look):
                outcome, written = _counted(name, verb, args, kwargs)
            wrote = _inside.wrote
        finally:
            _inside.acts = _inside.wrote = None
        if written and AUDIT not in written and name not in UNTOLD:
            raise LeftNoLine(f"{name} wrote to {', '.join(sorted(written))} and left no audit line")
        if AUDIT in written:
            _told.update(wrote)
        return outcome

    return act


def _one(name: str, verb: Verb, args: Any, kwargs: Any) -> Any:
    return _counted(name, verb, args, kwargs)[0]


def _counted(name: str, verb: Verb, args: Any, kwargs: Any) -> tuple[Any, set[str]]:
    """What the verb returns, and the tables to which it wrote."""
    written: set[str] = set()
    _inside.acts.append(written)
    try:
        outcome = verb(*args, **kwargs)
    finally:
        _inside.acts.pop()
    if written:
        _inside.wrote.add(name)
    return outcome, written


def _look(execute: Callable[..., Any], sql: Any, params: Any, many: bool, context: dict[str, Any]) -> Any:
    result = execute(sql, params, many, context)
    if context["cursor"].rowcount != 0:
        tables = _written_by(sql if isinstance(sql, str) else str(sql))
        for written in _inside.acts:
            written.update(tables)
    return result


# The same statements come by again and again, and to search one costs as much as to run a small one.
@functools.lru_cache(maxsize=4096)
def _written_by(statement: str) -> frozenset[str]:
    """The tables that a statement, which gave or wrote rows, writes."""
    return frozenset(WRITES.findall(LOCKING.sub("", statement))) | written_within(statement)


def written_within(statement: str) -> set[str]:
    """The tables that functions of the database write that a statement calls."""
    return {table for call, tables in WRITERS.items() if call in statement for table in tables}


def watch_all() -> None:
    """Put the watched verb wherever a module of ours, or of the tests, names one."""
    instead = {id(verb): watched(name, verb) for name, verb in verbs().items()}
    for module in list(sys.modules.values()):
        if module is not None and getattr(module, "__name__", "").split(".")[0] in OURS:
            for name, thing in list(vars(module).items()):
                if id(thing) in instead:
                    setattr(module, name, instead[id(thing)])
                elif isinstance(thing, dict):
                    thing.update({key: instead[id(kept)] for key, kept in thing.items() if id(kept) in instead})
                elif isinstance(thing, Changeable) and id(thing.apply) in instead:
                    object.__setattr__(thing, "apply", instead[id(thing.apply)])


OURS = ("loyalty", "accounts", "rewards", "tests")


@pytest.hookimpl(trylast=True)
def pytest_collection_finish(session: pytest.Session) -> None:
    """All modules are there now."""
    verbs()
    watch_all()


@pytest.hookimpl(wrapper=True)
def pytest_runtest_call(item: pytest.Item) -> Iterator[None]:
    """A test that SEEN_BY names fails unless the verbs that it stands for wrote in it and left a line."""
    _told.clear()
    yield
    if unseen := promised(item.nodeid) - _told:
        raise NotSeen(f"{', '.join(sorted(unseen))}: no longer seen to write and to leave an audit line here")


def promised(nodeid: str) -> set[str]:
    """The verbs that a test stands for, whichever of its parameters it runs with."""
    file, _, name = nodeid.partition("::")
    return set(SEEN_BY.get(file, {}).get(name.partition("[")[0], ()))
