"""Verbs that somebody acts by are watched while the tests run: one that wrote and left no audit line fails the test.

A verb is a public function of ours that takes `acting_user` by name. Only the outermost
one is judged, for a verb may tell of what it lets others do, and only when it
returns: what raises changes nothing. A run of the whole suite names at its end the verbs that
no test let write, so that a new one does not stay unwatched unseen.
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

# What may stay untold, and why.
UNTOLD = {
    "accounts.privacy.verbs.tell_consent": "its callers tell it; what systems send stands dated in the consents",
    "accounts.intake.replaying.try_again": "its callers tell it; what the programme sends again is noted on the item",
    "loyalty.core.notices.verbs.mark_read": "reading one's own inbox decides and changes nothing for anybody",
    "loyalty.core.notices.verbs.mark_all_read": "as mark_read",
}
# What only asks whether somebody may do something, and what is not for others to call.
NOT_VERBS = ("_", "check_", "may_")
TELLING = ("loyalty.core.audit.verbs.record", "loyalty.core.audit.verbs.audit_line")
AUDIT = "core_auditline"
# Of our own tables: a temporary one keeps nothing.
WRITES = re.compile(r'\b(?:INSERT\s+INTO|UPDATE|DELETE\s+FROM)\s+"?((?:core|accounts|rewards)_\w+)', re.I)
LOCKING = re.compile(r"\bFOR\s+(?:NO\s+KEY\s+)?UPDATE\b|\bDO\s+UPDATE\b", re.I)

Verb = Callable[..., Any]
_inside = threading.local()
_wrote: set[str] = set()


class LeftNoLine(AssertionError):
    """A verb wrote, and nobody will ever read who did it."""


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
    """The verb, which raises LeftNoLine when it wrote something and no audit line."""

    @functools.wraps(verb)
    def act(*args: Any, **kwargs: Any) -> Any:
        if getattr(_inside, "verb", None):
            return verb(*args, **kwargs)
        written: set[str] = set()

        def look(execute: Callable[..., Any], sql: Any, params: Any, many: bool, context: dict[str, Any]) -> Any:
            result = execute(sql, params, many, context)
            if context["cursor"].rowcount != 0:
                written.update(WRITES.findall(LOCKING.sub("", sql if isinstance(sql, str) else str(sql))))
            return result

        _inside.verb = name
        try:
            with connection.execute_wrapper(look):
                outcome = verb(*args, **kwargs)
        finally:
            _inside.verb = None
        if written:
            _wrote.add(name)
        if written and AUDIT not in written and name not in UNTOLD:
            raise LeftNoLine(f"{name} wrote to {', '.join(sorted(written))} and left no audit line")
        return outcome

    return act


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


OURS = ("loyalty", "accounts", "rewards", "tests")


@pytest.hookimpl(trylast=True)
def pytest_collection_finish(session: pytest.Session) -> None:
    """All modules are there now."""
    verbs()
    watch_all()


@pytest.hookimpl(trylast=True)
def pytest_sessionfinish(session: pytest.Session) -> None:
    """A worker hands what it saw to the controlling process."""
    if (output := getattr(session.config, "workeroutput", None)) is not None:
        output["verbs that wrote"] = sorted(_wrote)


@pytest.hookimpl(optionalhook=True)
def pytest_testnodedown(node: Any, error: object) -> None:
    """The controlling process puts together what the workers saw."""
    _wrote.update(getattr(node, "workeroutput", {}).get("verbs that wrote", ()))


def pytest_terminal_summary(terminalreporter: Any, config: pytest.Config) -> None:
    """Name the verbs that no test of a whole run let write."""
    if unseen := unwatched(config):
        terminalreporter.section("verbs that no test lets write")
        for name in unseen:
            terminalreporter.line(name)


def unwatched(config: pytest.Config) -> list[str]:
    """The verbs that nobody saw write in a run of the whole suite; none in a run of a part of it."""
    is_part = config.args_source is not pytest.Config.ArgsSource.TESTPATHS or config.option.keyword
    if is_part or hasattr(config, "workerinput"):
        return []
    return sorted(set(verbs()) - _wrote - set(UNTOLD))
