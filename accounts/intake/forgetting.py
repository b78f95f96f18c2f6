"""What is refused and names somebody who was erased: of that not even the text is kept."""

import json
import re
from collections.abc import Iterable, Mapping
from itertools import chain
from typing import Any

from accounts.intake.rules import MAX_ID_LENGTH
from accounts.privacy.queries import erased_among

_NAMED = re.compile(r'"[^"\\]{0,40}(?:id|contact)"\s*:\s*("(?:[^"\\]|\\.)*"|\d+)', re.IGNORECASE)


def naming_erased(ids: Mapping[int, set[str]]) -> set[int]:
    """Of positions with the ids that stand there, those that name somebody who was erased."""
    erased = erased_among(chain.from_iterable(ids.values()))
    return {position for position, named in ids.items() if named & erased}


def ids_in(item: Any, names: Iterable[str]) -> set[str]:
    """The ids under these names of an item, whatever the item is."""
    told = [item.get(name) for name in names] if isinstance(item, dict) else []
    return {_as_id(value) for value in told if isinstance(value, str | int)}


def ids_in_text(text: str, *, first: int) -> set[str]:
    """What stands under any name that ends in id or contact, in the `first` characters of what looks like JSON."""
    found = set()
    for told in _NAMED.finditer(text):
        if told.start() >= first:
            break
        try:
            found.add(_as_id(json.loads(told[1])))
        except ValueError:  # an escape that is none, or more digits than Python reads
            found.add(_as_id(told[1].strip('"')))
    return found


def _as_id(value: str | int) -> str:
    """Half of a surrogate pair and NUL are among what gets refused, and no parameter can hold them."""
    return str(value).encode("utf-8", "replace").decode().replace("\0", "")[:MAX_ID_LENGTH]
