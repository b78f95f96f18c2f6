"""Stripe's webhooks over HTTP: /webhooks/stripe/<source-id>.

200 means committed; Stripe sends again on anything else. An event that cannot
be placed is kept as refused with its reason and is 200 too, since sending it
again would not help. What is not signed by Stripe is 400 and has no effect.
"""

from datetime import datetime

from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.utils import timezone
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_POST

from accounts.intake.bodies import parsed
from accounts.intake.exchange import body_of
from accounts.intake.quota import spend
from accounts.intake.receipts import Receipt
from accounts.intake.rules import BATCH_TOO_LARGE, MAX_BATCH_BYTES, NOT_AN_OBJECT, Refusal, RequestRefused
from accounts.intake.stripe.signature import check_signature
from accounts.intake.stripe.verbs import CHANNEL, take_in
from accounts.intake.visiting import answer_to
from accounts.sources.queries import Sender
from accounts.sources.rules import Scheme
from accounts.sources.secrets import signer_of

NO_SOURCE = Refusal("no_source", "There is no source at this address. Copy it anew from the Sources page.")


@csrf_exempt
@login_not_required
@require_POST
def receive(request: HttpRequest, source_id: int) -> HttpResponse:
    """Take in one event of Stripe."""
    visit = Visit(request, source_id, timezone.now())
    return answer_to(visit, lambda: _answer(visit.receipt()))


class Visit:
    """One request on its way in; `sender` is known once its signature was found right."""

    channel = CHANNEL

    def __init__(self, request: HttpRequest, source_id: int, now: datetime) -> None:
        self.request = request
        self.source_id = source_id
        self.now = now
        self.sender: Sender | None = None
        self.body = b""

    def receipt(self) -> Receipt:
        """Check the signature, read the body, take it in. Raises RequestRefused."""
        signer = signer_of(self.source_id, Scheme.STRIPE, now=self.now) if self.source_id < 2**63 else None
        if signer is None:
            raise RequestRefused(404, NO_SOURCE)
        self.body = body_of(self.request)
        if len(self.body) > MAX_BATCH_BYTES:
            raise RequestRefused(413, BATCH_TOO_LARGE)
        check_signature(self.body, self.request.headers.get("Stripe-Signature", ""), signer.secrets, now=self.now)
        self.sender = signer.sender
        spend(f"source {self.source_id}")
        content = parsed(self.body)
        if not isinstance(content, dict):
            raise RequestRefused(400, NOT_AN_OBJECT)
        return take_in(signer.sender, content, now=self.now)


def _answer(receipt: Receipt) -> JsonResponse:
    figures = {"accepted": receipt.accepted, "duplicates": receipt.duplicates}
    refused = [
        {"index": call.position, "code": call.refusal.code, "reason": call.refusal.reason} for call in receipt.refused
    ]
    return JsonResponse({"success": not refused, **figures, "refused": refused})
