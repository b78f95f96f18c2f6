"""The public client libraries, unchanged, against the application as it really runs: what was sent, stored, refused.

Each library tells the same story in several ways: plain and gzip, to /v1/batch
and /v1/import, with the first answers lost so that it sends again, told to wait,
and with 202 in the place of 200. The Python libraries come with the tests, those for Node
are installed by npm into a temporary folder; without npm the output says so.
"""

import sys
from collections.abc import Callable, Iterator
from contextlib import nullcontext
from functools import partial
from importlib.metadata import version
from typing import Any

from tests.benchmarks import stage
from tests.benchmarks.results import Result
from tests.clients import node, python
from tests.clients.relay import Relay, relay
from tests.clients.story import CALLS, Story, expected, found
from tests.clients.wire import SHAPES, field_names

Tell = Callable[[Story, str, str], list[str]]
# How it is told → statuses that the first answers are replaced by.
LOST = {"answer lost": [503], "two answers lost": [500, 503], "told to wait": [429], "answered 202": [202]}


def run() -> list[Result]:
    """Tell every story and look at what became of it."""
    with stage.engines():
        key = _set_up()
        there = node.is_there()
        with stage.web() as port, node.installed() if there else nullcontext() as libraries:
            told = [_told(*way, port, key) for way in _ways(libraries)]
            told += [_like_the_tests(libraries, name, port, key) for name in SHAPES] if libraries else []
    if not there:
        sys.stderr.write(f"{node.HOW_TO_INSTALL}\n")
        told.append(Result("clients", node.HOW_TO_INSTALL, 0, "", "npm is needed", None))
    return told


def _ways(libraries: node.Libraries | None) -> Iterator[tuple[str, str, Tell, list[int]]]:
    """Every library with its version, how it tells its story, and what goes wrong meanwhile."""
    for library, tell in python.LIBRARIES.items():
        name = f"{library} {version(library)}"
        yield name, "plain", partial(tell, gzip=False), []
        for how, lost in ({"gzip": list[int]()} | LOST).items():
            yield name, how, partial(tell, gzip=True), lost
    for library, its_version in libraries.versions.items() if libraries else ():
        name = f"{library} {its_version}"
        for how, lost in ({"plain": list[int]()} | LOST).items():
            yield name, how, partial(libraries.tell, library, path="/v1/batch", gzip=how != "plain"), lost
        yield name, "to /v1/import", partial(libraries.tell, library, path="/v1/import", gzip=True), []


def _told(library: str, how: str, tell: Tell, lost: list[int], port: int, key: str) -> Result:
    story = Story(f"{library.strip('@').replace('/', '-').replace(' ', '-')}-{how.replace(' ', '-')}")
    with relay(port, lost) as heard:
        failures = tell(story, heard.address, key)
    figures, came = _figures(heard), found(story)
    is_right = not failures and came == expected(story)
    sys.stderr.write(f"{library}, {how}: {figures}{'' if is_right else f' WRONG: {failures} {came}'}\n")
    sent, stored, again, refused = (figures[name] for name in ("sent", "accepted", "duplicates", "refused"))
    words = f"{CALLS - 1} stored, none doubled: {sent} sent, {again} duplicates, {refused} refused"
    return Result("clients", f"{library}, {how}", stored, "stored", words, is_right and stored == CALLS - 1, figures)


def _like_the_tests(libraries: node.Libraries, library: str, port: int, key: str) -> Result:
    """Whether the requests that the suite makes up for this library are still those that it sends."""
    story = Story(f"{library.strip('@').replace('/', '-')}-shape")
    with relay(port) as heard:
        libraries.tell(library, story, heard.address, key, path="/v1/batch")
    real = field_names([sent.content for sent in heard.sent])
    made_up = field_names([wire.content for wire in SHAPES[library](story, key)])
    other = {where: sorted(set(real.get(where, ())) ^ set(made_up.get(where, ()))) for where in real | made_up}
    other = {where: names for where, names in other.items() if names}
    name = f"{library} {libraries.versions[library]}, fields unlike those of the tests"
    return Result("clients", name, len(other), "places", "none", not other, other)


def _figures(heard: Relay) -> dict[str, Any]:
    return {
        "requests": len(heard.sent),
        "sent": sum(len(sent.calls) for sent in heard.sent),
        "accepted": sum(sent.answer.get("accepted", 0) for sent in heard.sent),
        "duplicates": sum(sent.answer.get("duplicates", 0) for sent in heard.sent),
        "refused": sum(len(sent.answer.get("refused", ())) for sent in heard.sent),
        "content types": sorted({sent.headers.get("Content-Type", "") for sent in heard.sent}),
        "gzip": sorted({sent.is_gzip for sent in heard.sent}),
        "answers": [(sent.status, sent.told) for sent in heard.sent],
    }


def _set_up() -> str:
    from accounts.sources.rules import Kind
    from accounts.sources.verbs import create_source, make_key

    source = create_source("Product", [Kind.USAGE, Kind.ACCOUNT], acting_user=None)
    return make_key(source, acting_user=None)
