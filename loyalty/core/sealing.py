"""Secrets that must be used again, and so are sealed and not digested.

What is stored can be read only with SECRET_KEY (or one of SECRET_KEY_FALLBACKS),
and only for the purpose that it was sealed for.
"""

import base64
import logging
from collections.abc import Iterator

from cryptography.fernet import Fernet, InvalidToken, MultiFernet
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from django.conf import settings
from django.utils.encoding import force_bytes

log = logging.getLogger(__name__)


def seal(secret: str, purpose: str) -> str:
    """The secret as it may be stored. Another `purpose` cannot read it, nor can the same under another name."""
    return _box(purpose).encrypt(secret.encode()).decode()


def unseal(sealed: str, purpose: str) -> str | None:
    """The secret again; None (and a line in the log) when SECRET_KEY is another one since."""
    try:
        return _box(purpose).decrypt(sealed.encode()).decode()
    except InvalidToken:
        log.warning("What was sealed for “%s” cannot be read: SECRET_KEY has changed. Set it again.", purpose)
        return None


def _box(purpose: str) -> MultiFernet:
    """The present key first, which seals; the earlier ones can still be read."""
    return MultiFernet(list(_keys(purpose)))


def _keys(purpose: str) -> Iterator[Fernet]:
    for key in (settings.SECRET_KEY, *settings.SECRET_KEY_FALLBACKS):
        derived = HKDF(SHA256(), 32, salt=None, info=purpose.encode()).derive(force_bytes(key))
        yield Fernet(base64.urlsafe_b64encode(derived))
