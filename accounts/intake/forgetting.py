"""What is refused and names somebody who was erased: of that not even the text is kept."""

from collections.abc import Iterable, Mapping
from itertools import chain
from typing import Any

from accounts.privacy.queries import erased_among


def naming_erased(ids: Mapping[int, set[str]]) -> set[int]:
    """Of positions with the ids that stand there, those that name somebody who was erased."""
    erased = erased_among(chain.from_iterable(ids.values()))
    return {position for position, named in ids.items() if named & erased}


def ids_in(item: Any, names: Iterable[str]) -> set[str]:
    """The ids under these names of an item, whatever the item is."""
    told = [item.get(name) for name in names] if isinstance(item, dict) else []
    # Half of a surrogate pair and NUL are among what gets refused, and no parameter can hold them.
    return {
        str(value).encode("utf-8", "replace").decode().replace("\0", "")[:255]
        for value in told
        if isinstance(value, str | int)
    }
