"""One-time codes by time (RFC 6238: HMAC-SHA-1, 30 s, 6 digits), as every authenticator app makes them."""

import base64
import hmac
import secrets
import struct
from urllib.parse import quote, urlencode

STEP_SECONDS = 30
DIGITS = 6
# Clocks of telephones differ: the code before and the code after are taken too.
STEPS_AROUND = 1
ISSUER = "Loyalty"


def new_secret() -> str:
    """160 random bits, in base32 as apps take them."""
    return base64.b32encode(secrets.token_bytes(20)).decode()


def code_at(secret: str, step: int) -> str:
    """The code of one step since 1970 (RFC 4226, section 5.3)."""
    digest = hmac.digest(base64.b32decode(secret), struct.pack(">Q", step), "sha1")
    offset = digest[-1] & 15
    number = struct.unpack(">I", digest[offset : offset + 4])[0] & 0x7FFFFFFF
    return str(number % 10**DIGITS).zfill(DIGITS)


def matching_step(secret: str, code: str, seconds: float, after: int) -> int | None:
    """The step whose code this is, near `seconds` since 1970; None when it is no such code, or was used already.

    A code is used up with all before it: only steps later than `after` count.
    """
    now, typed = int(seconds) // STEP_SECONDS, "".join(code.split())
    near = range(max(now - STEPS_AROUND, after + 1), now + STEPS_AROUND + 1)
    if not (len(typed) == DIGITS and typed.isascii() and typed.isdigit()):
        return None
    return next((step for step in near if hmac.compare_digest(code_at(secret, step), typed)), None)


def app_address(secret: str, username: str) -> str:
    """What an authenticator app opens: the otpauth address of the secret."""
    query = urlencode({"secret": secret, "issuer": ISSUER}, quote_via=quote)
    return f"otpauth://totp/{quote(ISSUER)}:{quote(username)}?{query}"
