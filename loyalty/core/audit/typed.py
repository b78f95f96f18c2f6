"""What people typed about customers: kept beside the audit's lines, so that a name can be struck out of it.

A line has only the digest, which its seal covers: the words can be proved while they stand. With the first
name that is struck the salt goes, since a digest without one would tell who guesses the name that they were right.
"""

import hashlib
import secrets
from collections.abc import Callable

from django.db.models import Q, QuerySet
from django.utils import timezone

from loyalty.core.audit.models import AuditLine, TypedWords

# The trigger in the database knows this word as well.
STRUCK = "(erased)"
BATCH = 500


def typed_words(text: str) -> TypedWords | None:
    """The words of one line, not saved yet; None when nobody typed anything."""
    said = text.strip()
    if not said:
        return None
    salt = secrets.token_hex(16)
    return TypedWords(digest=hashlib.sha256(f"{salt}{said}".encode()).hexdigest(), salt=salt, text=said)


def strike_typed(lines: QuerySet[AuditLine], mentions: Q, struck: Callable[[str], str]) -> None:
    """Take names out of what was typed for the lines: `mentions` sieves by `text`, `struck` puts STRUCK for a name."""
    rows = TypedWords.objects.filter(mentions, pk__in=lines.values("typed"))
    told = list(rows.order_by("pk").select_for_update(no_key=True))
    struck_at, changed = timezone.now(), []
    for words in told:
        text = struck(words.text)
        if text != words.text:
            words.text, words.salt, words.struck_at = text, "", struck_at
            changed.append(words)
    TypedWords.objects.bulk_update(changed, ["text", "salt", "struck_at"], batch_size=BATCH)
