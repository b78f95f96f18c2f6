"""Every verb that somebody acts by leaves an audit line: by what it calls, and by what it writes (tests.audited)."""

import ast
import inspect
import textwrap
from collections import Counter
from collections.abc import Callable
from contextlib import suppress
from functools import cache
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

import rewards.approvals.verbs as verbs_of_offers
import tests.rewards.approvals.test_revising as queue
from loyalty.core.audit.rules import AuditVerb
from loyalty.core.audit.verbs import audit_line, record
from loyalty.core.changes import pages as changes
from loyalty.core.changes import verbs as verbs_of_changes
from loyalty.core.changes.registry import changeable
from loyalty.core.people.models import User
from tests import audited
from tests.audited import AUDIT, UNTOLD, WRITES_NOTHING, LeftNoLine, NotSeen, verbs, watched, written_within
from tests.audited_by import SEEN_BY

TELLING = {record, audit_line}
ROOT = Path(__file__).parents[3]
OURS = ("loyalty.", "accounts.", "rewards.")


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
        elif isinstance(thing, str) and ("INSERT INTO core_auditline" in thing or AUDIT in written_within(thing)):
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
    assert UNTOLD.keys() | WRITES_NOTHING.keys() <= VERBS.keys()


def test_every_verb_is_seen_to_write_by_a_test() -> None:
    seen = Counter(verb for tests in SEEN_BY.values() for verbs in tests.values() for verb in verbs)
    assert seen == Counter(VERBS.keys() - UNTOLD.keys() - WRITES_NOTHING.keys())


def test_the_tests_that_see_them_are_there() -> None:
    for file, tests in SEEN_BY.items():
        body = ast.parse((ROOT / file).read_text(encoding="utf-8")).body
        assert tests.keys() <= {node.name for node in body if isinstance(node, ast.FunctionDef)}, file


@pytest.mark.parametrize("name", sorted(set(VERBS) - set(UNTOLD)))
def test_a_verb_leads_to_the_audit(name: str) -> None:
    assert tells(inspect.unwrap(VERBS[name])), f"{name} acts for somebody and leaves no audit line"


def silent(*, acting_user: object) -> None:
    """A verb that forgot."""
    len([acting_user])


def test_a_verb_that_forgets_is_found_out() -> None:
    assert not tells(silent)


def rename(person: User, *, acting_user: User) -> None:
    User.objects.filter(pk=person.pk).update(first_name="Another")


def rename_and_tell(person: User, *, acting_user: User) -> None:
    rename(person, acting_user=acting_user)
    record(AuditVerb.PERSON_CHANGED, acting_user=acting_user, object_type="person", object_id=person.pk)


def look(person: User, *, acting_user: User) -> User:
    return User.objects.select_for_update().get(pk=person.pk)


@pytest.mark.django_db
def test_a_verb_that_writes_and_leaves_no_line_is_found_out(cs: User) -> None:
    with pytest.raises(LeftNoLine, match="rename wrote to core_user and left no audit line"):
        watched("rename", rename)(cs, acting_user=cs)
    watched("rename_and_tell", rename_and_tell)(cs, acting_user=cs)
    watched("look", look)(cs, acting_user=cs)
    nobody = User(pk=0)
    watched("rename", rename)(nobody, acting_user=cs)


@pytest.mark.django_db
def test_the_outermost_verb_answers_for_those_within(cs: User) -> None:
    inner = watched("rename", rename)

    def both(*, acting_user: User) -> None:
        inner(cs, acting_user=acting_user)
        rename_and_tell(cs, acting_user=acting_user)

    watched("both", both)(acting_user=cs)
    with pytest.raises(LeftNoLine):
        inner(cs, acting_user=cs)


@pytest.mark.django_db
def test_a_test_that_sees_its_verb_no_more_is_found_out(monkeypatch: pytest.MonkeyPatch, cs: User) -> None:
    monkeypatch.setitem(audited.SEEN_BY, "tests/x.py", {"test_it": ("rename", "rename_and_tell")})

    def run(nodeid: str, act: Callable[[], object]) -> None:
        item: Any = SimpleNamespace(nodeid=nodeid)
        hook = audited.pytest_runtest_call(item)
        next(hook)
        act()
        with suppress(StopIteration):
            next(hook)

    inner, outer = watched("rename", rename), watched("rename_and_tell", rename_and_tell)
    monkeypatch.setitem(globals(), "rename", inner)
    run("tests/x.py::test_it[1]", lambda: outer(cs, acting_user=cs))
    run("tests/x.py::test_another", lambda: None)
    with pytest.raises(NotSeen, match="rename, rename_and_tell: no longer seen"):
        run("tests/x.py::test_it[2]", lambda: None)


def test_verbs_are_watched_wherever_they_are_named() -> None:
    assert queue.approve is verbs_of_offers.approve
    assert hasattr(queue.approve, "__wrapped__")
    assert changes.DECIDE["approve"] is verbs_of_changes.approve
    assert hasattr(changeable("cap").apply, "__wrapped__")
