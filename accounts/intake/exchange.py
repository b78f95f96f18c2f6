"""Reading the body of a program's request, and telling it what is wrong. Shared by every way in over HTTP."""

from contextlib import suppress

from django.http import HttpRequest, JsonResponse, UnreadablePostError

from accounts.intake import rules
from accounts.intake.quota import OverQuota
from accounts.intake.rules import RequestRefused
from loyalty.core.availability import REASON, RETRY_AFTER_SECONDS

DRAINED_BYTES = 32 * 1024 * 1024
CHUNK_BYTES = 64 * 1024


def body_of(request: HttpRequest) -> bytes:
    """The bytes as they came: never request.POST, since gzip JSON may call itself a form."""
    if request.headers.get("Transfer-Encoding"):
        raise RequestRefused(411, rules.LENGTH_MISSING)
    length = request.META.get("CONTENT_LENGTH") or ""
    if length.isdecimal() and int(length) > rules.MAX_BATCH_BYTES:
        _drain(request, int(length))
        raise RequestRefused(413, rules.BATCH_TOO_LARGE)
    try:
        return request.body
    except UnreadablePostError as gone:
        raise RequestRefused(400, rules.CUT_OFF) from gone


def _drain(request: HttpRequest, length: int) -> None:
    """Read a body that is too large and throw it away, within bounds.

    A client that is still sending when the connection closes sees a broken pipe
    instead of the answer that tells it to send less.
    """
    if length > DRAINED_BYTES:
        return
    with suppress(UnreadablePostError):
        while request.read(CHUNK_BYTES):
            pass


def refusal(refused: RequestRefused) -> JsonResponse:
    """The answer to a request that is refused as a whole."""
    why = refused.refusal
    response = JsonResponse({"success": False, "code": why.code, "message": why.reason}, status=refused.status)
    if isinstance(refused, OverQuota):
        response["Retry-After"] = str(refused.retry_after)
        # Django would write a line for each; the quota writes one a minute.
        response._has_been_logged = True  # type: ignore[attr-defined]
    if refused.status == 401:
        response["WWW-Authenticate"] = 'Basic realm="write key", charset="UTF-8"'
    return response


def unavailable() -> JsonResponse:
    """503: nothing was taken in; whoever sends again with the same ids loses and doubles nothing."""
    why = {"success": False, "code": "unavailable", "message": REASON}
    response = JsonResponse(why, status=503)
    response["Retry-After"] = str(RETRY_AFTER_SECONDS)
    return response
