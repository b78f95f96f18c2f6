"""Keys of things that people name."""

from typing import Any

from django.db.models import QuerySet
from django.utils.text import slugify


def free_key(name: str, rows: QuerySet[Any], otherwise: str) -> str:
    """A `key` that none of the rows has: the name in small letters and hyphens, numbered if that is taken.

    `otherwise` stands for a name that leaves nothing. At most 60 letters.
    """
    base = slugify(name)[:50] or otherwise
    taken = set(rows.filter(key__startswith=base).values_list("key", flat=True))
    return next(key for n in range(1, len(taken) + 2) if (key := base if n == 1 else f"{base}-{n}") not in taken)
