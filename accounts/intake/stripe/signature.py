"""Is a request from Stripe? Checked with Stripe's own library, and by our clock. Pure.

The header reads t=<seconds>,v1=<signature>, with several v1 while Stripe rotates
a secret. The library judges the signature; the time is judged here, because the
library lets pass what is ahead of the clock.
"""

from collections.abc import Iterable
from datetime import datetime

from stripe import SignatureVerificationError, WebhookSignature

from accounts.intake.rules import NOT_UTF8, Refusal, RequestRefused

TOLERANCE_SECONDS = 300

NO_SECRET = Refusal(
    "no_secret",
    "No signing secret of Stripe is set for this source. An administrator sets it on the Sources page; "
    "Stripe shows it beside the webhook’s address.",
)
BAD_SIGNATURE = Refusal(
    "bad_signature",
    "The header Stripe-Signature does not fit the body and a signing secret of this source. Check that the "
    "secret set on the Sources page is the one of this webhook’s address in Stripe.",
)
OUT_OF_TIME = Refusal(
    "out_of_time",
    "The request was signed more than 5 minutes from now. Check the clocks; Stripe signs anew each time it sends.",
)


def check_signature(body: bytes, header: str, secrets: Iterable[str], *, now: datetime) -> None:
    """Let pass what one of the secrets signed within 5 minutes of `now`, before or after.

    Raises RequestRefused (400), without a hint of what the right signature is.
    """
    try:
        text = body.decode()
    except UnicodeDecodeError as broken:
        raise RequestRefused(400, NOT_UTF8) from broken
    kept = tuple(secrets)
    if not kept:
        raise RequestRefused(400, NO_SECRET)
    if not any(_signed(text, header, secret) for secret in kept):
        raise RequestRefused(400, BAD_SIGNATURE)
    if abs(now.timestamp() - _signed_at(header)) > TOLERANCE_SECONDS:
        raise RequestRefused(400, OUT_OF_TIME)


def _signed(text: str, header: str, secret: str) -> bool:
    try:
        return bool(WebhookSignature.verify_header(text, header, secret))
    except (SignatureVerificationError, TypeError):  # TypeError: the header is not ASCII
        return False


def _signed_at(header: str) -> int:
    """The second that was signed, from a header that was found right."""
    return next(int(part.split("=")[1]) for part in header.split(",") if part.startswith("t="))
