"""Did the source sign this? Pure, but for the clock of the Standard Webhooks library.

Each check raises RequestRefused (401) unless one of the secrets fits. Sources:
the Standard Webhooks specification 1.0; HubSpot, "Validating requests",
signature v3; Zendesk, "Verifying webhooks".
"""

import base64
import hashlib
import hmac
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from urllib.parse import unquote

from standardwebhooks import Webhook, WebhookVerificationError

from accounts.intake.hooks.rules import BAD_SIGNATURE, NO_SECRET, TOLERANCE, WRONG_TIME
from accounts.intake.rules import RequestRefused

# Milliseconds of fewer digits are of a year that can be told.
_LONGEST_STAMP = 14
# HubSpot decodes these in the address before it signs, and no others.
_HUBSPOT_DECODES = {f"%{code:02X}": unquote(f"%{code:02X}") for code in b":/?@!$'()*,;"}


def check_standard(secrets: Iterable[str], body: bytes, headers: Mapping[str, str]) -> None:
    """The headers webhook-id, webhook-timestamp (seconds) and webhook-signature."""
    problems = [_standard_problem(secret, body, headers) for secret in secrets]
    _check(problems)


def check_hubspot(
    secrets: Iterable[str], method: str, uri: str, body: bytes, headers: Mapping[str, str], now: datetime
) -> None:
    """X-HubSpot-Signature-v3: base64 HMAC-SHA256 of method, address, body and timestamp (milliseconds)."""
    timestamp = headers.get("x-hubspot-request-timestamp", "")
    signed = (method + _decoded(uri)).encode() + body + timestamp.encode()
    in_time = timestamp.isascii() and timestamp.isdecimal() and len(timestamp) <= _LONGEST_STAMP
    moment = datetime.fromtimestamp(int(timestamp) / 1000, UTC) if in_time else None
    _check_hmac(secrets, signed, headers.get("x-hubspot-signature-v3", ""), moment, now)


def check_zendesk(secrets: Iterable[str], body: bytes, headers: Mapping[str, str], now: datetime) -> None:
    """X-Zendesk-Webhook-Signature: base64 HMAC-SHA256 of timestamp (ISO 8601) and body."""
    timestamp = headers.get("x-zendesk-webhook-signature-timestamp", "")
    try:
        moment = datetime.fromisoformat(timestamp)
    except ValueError:
        moment = None
    if moment is not None and moment.tzinfo is None:
        moment = moment.replace(tzinfo=UTC)
    _check_hmac(secrets, timestamp.encode() + body, headers.get("x-zendesk-webhook-signature", ""), moment, now)


def hmac_base64(secret: str, signed: bytes) -> str:
    """HMAC-SHA256 in base64, the key being the text of the secret."""
    return base64.b64encode(hmac.new(secret.encode(), signed, hashlib.sha256).digest()).decode()


def _standard_problem(secret: str, body: bytes, headers: Mapping[str, str]) -> str:
    try:
        Webhook(secret).verify(body, dict(headers), json_parse=False)
    except WebhookVerificationError as wrong:
        return str(wrong)
    except (ValueError, RuntimeError):  # not UTF-8, not base64, not "version,signature"
        return "unreadable"
    return ""


def _check(problems: list[str]) -> None:
    if not problems:
        raise RequestRefused(401, NO_SECRET)
    if "" in problems:
        return
    is_late = any("too old" in problem or "too new" in problem for problem in problems)
    raise RequestRefused(401, WRONG_TIME if is_late else BAD_SIGNATURE)


def _check_hmac(secrets: Iterable[str], signed: bytes, signature: str, moment: datetime | None, now: datetime) -> None:
    expected = [hmac_base64(secret, signed).encode() for secret in secrets]
    if not expected:
        raise RequestRefused(401, NO_SECRET)
    given = signature.encode("utf-8", "surrogateescape")
    if moment is None or not any(hmac.compare_digest(one, given) for one in expected):
        raise RequestRefused(401, BAD_SIGNATURE)
    if abs(now - moment) > TOLERANCE:
        raise RequestRefused(401, WRONG_TIME)


def _decoded(uri: str) -> str:
    for encoded, plain in _HUBSPOT_DECODES.items():
        uri = uri.replace(encoded, plain).replace(encoded.lower(), plain)
    return uri
