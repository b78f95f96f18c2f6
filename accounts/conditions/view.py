"""What the templates of the builder are given: the tree, what is said of the rule, and what one account is told."""

import json
from collections.abc import Collection
from typing import Any

from accounts.conditions.built import Built, field_id
from accounts.conditions.preview import Faults, Preview, check, preview
from accounts.conditions.rules.draft import Block
from accounts.conditions.rules.steps import name_of, part_at
from accounts.conditions.rules.vocabulary import Vocabulary
from accounts.conditions.shown import Showing


def builder_context(
    prefix: str, built: Built, words: Vocabulary, faults: Faults, *, without: Collection[str], has_preview: bool
) -> dict[str, Any]:
    """Everything that `_builder.html` takes."""
    context = tree_context(prefix, built, words, faults) | {
        "without": " ".join(sorted(without)),
        "before": json.dumps(built.before, separators=(",", ":")) if built.before is not None else "",
        "has_preview": has_preview,
    }
    return context | (looked_at(prefix, built, words) if has_preview else {})


def tree_context(prefix: str, built: Built, words: Vocabulary, faults: Faults) -> dict[str, Any]:
    """What `_tree.html` takes."""
    root = Showing(prefix, built, words, faults).part(built.draft)
    return {"prefix": prefix, "base": base_id(prefix), "built": built, "root": root}


def looked_at(prefix: str, built: Built, words: Vocabulary) -> dict[str, Any]:
    """What is said of the rule beside its tree, for `_now.html` and `_why.html`."""
    seen = preview(built, words)
    checked = check(built, seen.node, words)
    return {
        "prefix": prefix,
        "base": base_id(prefix),
        "seen": seen,
        "unfinished": _unfinished(prefix, built, seen),
        "checked": checked,
        "find_here": built.field == "find",
    }


def base_id(prefix: str) -> str:
    """What the ids of a builder begin with."""
    return "id_" + prefix.replace(".", "-")


def _unfinished(prefix: str, built: Built, seen: Preview) -> list[tuple[str, str, str]]:
    """What is still missing: the part's number, the words, and the id of the field to go to."""
    told = []
    for (path, name), says in seen.faults.items():
        part = part_at(built.draft, path) or built.draft
        first = "joins" if isinstance(part, Block) else "fact"
        says = says[:1].lower() + says[1:]
        told.append((name_of(part, path), says, field_id(prefix, path, name or first)))
    return told
