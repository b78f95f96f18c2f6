"""Words of consent among the rows of a file: a contact, granted or withdrawn, the policy's version, dated.

They are kept as every other word of the contact is, by the verb that keeps
them. A contact must be known, unless the row names their account.
"""

from collections.abc import Iterator
from itertools import groupby
from operator import attrgetter
from typing import Any

from django.db import connection
from django.utils import timezone

from accounts.intake.files.shape import Field
from accounts.intake.files.values import Unreadable, text
from accounts.privacy.rules import POLICY_VERSION, ConsentSource, Word
from accounts.privacy.verbs import tell_consent

GRANTED = frozenset({"granted", "given", "yes", "y", "true", "t", "1", "in", "opt_in", "opted_in", "consented"})
WITHDRAWN = frozenset({"withdrawn", "revoked", "denied", "no", "n", "false", "f", "0", "out", "opt_out", "opted_out"})
# So many words are held in memory at once, and then all those of the contact at hand.
TOLD_AT_ONCE = 1000


def decision(cell: str) -> bool:
    """Whether the word is that consent is given, in the usual spellings."""
    said = cell.lower().replace("-", "_").replace(" ", "_")
    if said in GRANTED or said in WITHDRAWN:
        return said in GRANTED
    raise Unreadable("is neither granted nor withdrawn")


def version(cell: str) -> str:
    """The version of the policy, or the purpose, that the word is about."""
    if not POLICY_VERSION.fullmatch(cell):
        raise Unreadable("is not a short name such as 2026-03")
    return text(40)(cell)


FIELDS = (
    Field("granted", decision, "boolean", ("consent", "consented", "consent_status", "decision", "opt_in")),
    Field("policy_version", version, "text", ("policy", "purpose", "consent_version", "version")),
)

# What tells one word from another, over a staged row.
ID = "'consent of ' || contact || ' at ' || at || ': ' || granted || ' ' || coalesce(policy_version, '')"

PROBLEM = """CASE
    WHEN f.at > now() THEN 'The word of consent is dated ahead.'
    WHEN c.id IS NULL
        THEN 'There is no contact ' || f.contact || '. Name the account too, or import first what the contact did.'
END"""

_NEW = """
SELECT c.contact_id, c.granted, coalesce(c.policy_version, ''), c.at FROM import_checked c
WHERE c.reason IS NULL AND c.granted IS NOT NULL AND NOT EXISTS (
    SELECT FROM accounts_consent k WHERE k.contact_id = c.contact_id AND k.at = c.at AND k.granted = c.granted
                                         AND k.policy_version = coalesce(c.policy_version, ''))
ORDER BY c.contact_id, c.line
"""


def tell_words(parameters: dict[str, Any]) -> int:
    """Keep the words of the chunk that are new; returns how many."""
    told, now = 0, timezone.now()
    for words in _at_once(_new_words()):
        tell_consent(words, now=now, acting_user=None)
        told += len(words)
    return told


def _new_words() -> Iterator[Word]:
    with connection.chunked_cursor() as cursor:
        cursor.execute(_NEW)
        for contact_id, granted, policy_version, at in cursor:
            yield Word(contact_id, granted, policy_version, ConsentSource.FILE, at)


def _at_once(words: Iterator[Word]) -> Iterator[list[Word]]:
    """The words in lists, of which each holds all those of its contacts, so that the last of them stands."""
    held: list[Word] = []
    for _, of_contact in groupby(words, key=attrgetter("contact_id")):
        held += of_contact
        if len(held) >= TOLD_AT_ONCE:
            yield held
            held = []
    if held:
        yield held
