"""Senders of events as this process saw them last, so that most requests need not ask who sends before they store.

What is remembered may be out of date: a key may have been withdrawn, or a source
relieved, by another process. Whoever relies on it has the statement that stores
the events look at the key too, and asks anew when that finds it no longer good.
"""

from accounts.sources.queries import Sender
from accounts.sources.rules import Kind, key_digest

SENDERS_KEPT = 1000
_known: dict[str, Sender] = {}


def known_sender(key: str) -> Sender | None:
    """The system of record for usage that had this key when it was last looked up here."""
    return _known.get(key_digest(key))


def remember(key: str, sender: Sender | None) -> None:
    """Keep what was looked up; None: nobody has this key."""
    digest = key_digest(key)
    if sender is None or Kind.USAGE not in sender.records:
        _known.pop(digest, None)
        return
    if len(_known) >= SENDERS_KEPT:
        _known.clear()
    _known[digest] = sender
