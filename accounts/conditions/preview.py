"""What a builder says of the rule in it: in words, who matches, whom an edit moves, and why one account does or not."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from django.conf import settings
from django.db import OperationalError, connection, transaction
from django.utils import timezone
from psycopg.errors import QueryCanceled

from accounts.conditions.built import Built
from accounts.conditions.queries import Explained, Matching, Moved, explain, matching, moved
from accounts.conditions.rules.draft import Path, json_of
from accounts.conditions.rules.reading import BadRule, read_rule
from accounts.conditions.rules.tree import Node, facts_of
from accounts.conditions.rules.vocabulary import Vocabulary
from accounts.conditions.rules.words import in_words
from accounts.facts.queries import latest
from accounts.records.finding import accounts_named
from accounts.records.models import Account
from accounts.sources.freshness import stale_sources
from accounts.sources.models import Source

PATIENCE_MS = 4000
"""How long counting may take while somebody types: a window of years over many accounts can take longer."""
MOST_FOUND = 8

Faults = Mapping[tuple[Path, str], str]
"""Path of a part and name of its field (empty: the part as a whole) → what is wrong there."""


@dataclass(frozen=True)
class Preview:
    """What is said of a rule. `node` is None, and nothing is counted, while there are `faults`.

    `is_slow`: counting was given up. `moved` is None when there is no live rule to compare with.
    """

    node: Node | None
    faults: Faults
    words: str = ""
    matching: Matching | None = None
    moved: Moved | None = None
    is_slow: bool = False
    stale: list[Source] = field(default_factory=list)


@dataclass(frozen=True)
class Checked:
    """One account asked why, or `found` to choose from; `explained` is None until one is, and the rule is whole."""

    account: Account | None
    explained: Explained | None
    found: Sequence[Account] = ()
    find: str = ""


def read_draft(built: Built, words: Vocabulary) -> tuple[Node | None, Faults]:
    """The rule that was typed, or what is wrong with it, by the field it was typed into."""
    raw, places = json_of(built.draft, words)
    try:
        return read_rule(raw, words), {}
    except BadRule as bad:
        found: dict[tuple[Path, str], str] = {}
        for fault in bad.faults:
            where = places.get(fault.place, ((), ""))
            found[where] = f"{found[where]} {fault.says}" if where in found else fault.says
        return None, found


def preview(built: Built, words: Vocabulary) -> Preview:
    """What is to be said of the rule now, on the latest day with facts."""
    node, faults = read_draft(built, words)
    if node is None:
        return Preview(None, faults)
    kinds = {kind for name in facts_of(node) for kind in words[name].meaning.kinds}
    said = Preview(
        node,
        faults,
        words=in_words(node, words, settings.REPORTING_CURRENCY),
        stale=stale_sources(kinds, now=timezone.now()),
    )
    return _counted(said, node, _readable(built.before, words), words)


def check(built: Built, node: Node | None, words: Vocabulary) -> Checked:
    """Why the rule matches the chosen account or not; accounts to choose from while only a part of a name is typed."""
    text = built.find.strip()
    chosen = Account.objects.filter(pk=built.account).first() if built.account else None
    found = [] if chosen or not text else list(accounts_named(text, MOST_FOUND))
    if chosen is None and len(found) == 1:
        chosen = found[0]
    facts = latest(chosen) if chosen and node else None
    if chosen is None or node is None or facts is None:
        return Checked(chosen, None, found, text)
    return Checked(chosen, explain(node, words, chosen.pk, day=facts.day), (), text)


def _counted(said: Preview, node: Node, before: Node | None, words: Vocabulary) -> Preview:
    try:
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute("SELECT current_setting('statement_timeout')")
            usual = cursor.fetchone()[0]
            cursor.execute("SELECT set_config('statement_timeout', %s, true)", [str(PATIENCE_MS)])
            found = matching(node, words)
            told = None if before is None else moved(before, node, words)
            cursor.execute("SELECT set_config('statement_timeout', %s, true)", [usual])
    except OperationalError as error:
        if not isinstance(error.__cause__, QueryCanceled):
            raise
        return replace(said, is_slow=True)
    return replace(said, matching=found, moved=told)


def _readable(raw: Any, words: Vocabulary) -> Node | None:
    """The live rule; None when there is none, or it speaks of what is no longer there."""
    if raw is None:
        return None
    try:
        return read_rule(raw, words)
    except BadRule:
        return None
