"""Every verb that somebody acts by leads to an audit line: a walk through all of them, by what they call."""

import ast
import importlib
import inspect
import pkgutil
import textwrap
from collections.abc import Callable, Iterator
from functools import cache
from types import ModuleType
from typing import Any

import pytest

import accounts
import loyalty
import rewards
from loyalty.core.audit.verbs import audit_line, record

# What may stay untold, and why.
UNTOLD = {
    "accounts.privacy.verbs.tell_consent": "its callers tell it; what systems send stands dated in the consents",
    "loyalty.core.notices.verbs.mark_read": "reading one's own inbox decides and changes nothing for anybody",
    "loyalty.core.notices.verbs.mark_all_read": "as mark_read",
}
TELLING = {record, audit_line}
# What only asks whether somebody may do something, and what is not for others to call.
NOT_VERBS = ("_", "check_", "may_")
OURS = ("loyalty.", "accounts.", "rewards.")


def modules() -> Iterator[ModuleType]:
    for package in (loyalty, accounts, rewards):
        for found in pkgutil.walk_packages(package.__path__, f"{package.__name__}."):
            if ".migrations" not in found.name and found.name not in ("loyalty.wsgi",):
                yield importlib.import_module(found.name)


def verbs() -> dict[str, Callable[..., Any]]:
    """Every public function of ours that takes `acting_user` by its name."""
    found = {}
    for module in modules():
        for name, thing in vars(module).items():
            if name.startswith(NOT_VERBS) or not inspect.isfunction(thing):
                continue
            if inspect.unwrap(thing).__module__ == module.__name__ and _acts(thing):
                found[f"{module.__name__}.{name}"] = inspect.unwrap(thing)
    return found


def _acts(function: Callable[..., Any]) -> bool:
    return function not in TELLING and "acting_user" in inspect.signature(function).parameters


@cache
def called_by(function: Callable[..., Any]) -> frozenset[Callable[..., Any]]:
    """What a function of ours names that can be called, also to hand it on: of its module, or of a module it names.

    A statement that writes audit lines by itself counts as a call of `record`.
    """
    found = set()
    for node in ast.walk(ast.parse(textwrap.dedent(inspect.getsource(function)))):
        thing: Any = None
        if isinstance(node, ast.Name):
            thing = function.__globals__.get(node.id)
        elif isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name):
            thing = getattr(function.__globals__.get(node.value.id), node.attr, None)
        if inspect.isfunction(thing):
            found.add(inspect.unwrap(thing))
        elif isinstance(thing, str) and "INSERT INTO core_auditline" in thing:
            found.add(record)
    return frozenset(found)


def tells(function: Callable[..., Any]) -> bool:
    seen, waiting = {function}, [function]
    while waiting:
        for called in called_by(waiting.pop()) - seen:
            if called in TELLING:
                return True
            seen.add(called)
            if called.__module__.startswith(OURS):
                waiting.append(called)
    return False


VERBS = verbs()


def test_there_are_verbs() -> None:
    assert len(VERBS) > 50
    assert set(UNTOLD) <= set(VERBS)


@pytest.mark.parametrize("name", sorted(set(VERBS) - set(UNTOLD)))
def test_a_verb_leads_to_the_audit(name: str) -> None:
    assert tells(VERBS[name]), f"{name} acts for somebody and leaves no audit line"


def silent(*, acting_user: object) -> None:
    """A verb that forgot."""
    len([acting_user])


def test_a_verb_that_forgets_is_found_out() -> None:
    assert not tells(silent)
