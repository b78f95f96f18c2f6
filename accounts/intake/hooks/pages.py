"""Signed webhooks over HTTP: records of the CRM, the support desk and feedback.

200 means committed, with the refused records named beside the others. A call
that is refused as a whole says so with 400, 401, 404, 409, 411, 413 or 429.
"""

from datetime import datetime
from typing import Any

from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.utils import timezone
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_POST

from accounts.intake import rules
from accounts.intake.bodies import parsed, unpacked
from accounts.intake.exchange import body_of
from accounts.intake.hooks.rules import ID_TOO_LONG, NO_SOURCE
from accounts.intake.hooks.schemes import CHANNELS, READERS
from accounts.intake.hooks.signatures import check_hubspot, check_standard, check_zendesk
from accounts.intake.hooks.verbs import take_in_records
from accounts.intake.quota import spend
from accounts.intake.rules import RequestRefused
from accounts.intake.visiting import answer_to
from accounts.sources.queries import Sender
from accounts.sources.rules import Scheme
from accounts.sources.secrets import Signer, signer_of


@csrf_exempt
@login_not_required
@require_POST
def receive(request: HttpRequest, source_id: int, scheme: Scheme = Scheme.STANDARD) -> HttpResponse:
    """Take in one webhook of a source, signed as its address says."""
    visit = Visit(request, source_id, scheme, timezone.now())
    # Sorted, so that an answer that is given again is the same to the letter.
    return answer_to(visit, lambda: JsonResponse(visit.answer(), json_dumps_params={"sort_keys": True}))


class Visit:
    """One webhook on its way in; remembers how far it got, for the note on a refused one."""

    def __init__(self, request: HttpRequest, source_id: int, scheme: Scheme, now: datetime) -> None:
        self.request = request
        self.source_id = source_id
        self.scheme = scheme
        self.now = now
        self.channel = CHANNELS[scheme]
        self.sender: Sender | None = None
        self.body = b""

    def answer(self) -> dict[str, Any]:
        """Check the signature, read the body, take it in. Raises RequestRefused."""
        signer = signer_of(self.source_id, self.scheme, now=self.now)
        if signer is None:
            raise RequestRefused(404, NO_SOURCE)
        self.body = body_of(self.request)
        if len(self.body) > rules.MAX_BATCH_BYTES:
            raise RequestRefused(413, rules.BATCH_TOO_LARGE)
        self._check(signer)
        self.sender = signer.sender
        spend(f"source {self.source_id}")
        self.body = unpacked(self.body)
        content = parsed(self.body)
        reading = READERS[self.scheme](content, self.now)
        return take_in_records(
            signer.sender, reading, webhook_id=self._id(), body=content, now=self.now, channel=self.channel
        )

    def _check(self, signer: Signer) -> None:
        headers = {name.lower(): value for name, value in self.request.headers.items()}
        if self.scheme is Scheme.HUBSPOT:
            uri = self.request.build_absolute_uri()
            check_hubspot(signer.secrets, self.request.method or "", uri, self.body, headers, self.now)
        elif self.scheme is Scheme.ZENDESK:
            check_zendesk(signer.secrets, self.body, headers, self.now)
        else:
            check_standard(signer.secrets, self.body, headers)

    def _id(self) -> str | None:
        if self.scheme is not Scheme.STANDARD:
            return None
        told = self.request.headers.get("webhook-id", "")
        if not 0 < len(told) <= rules.MAX_ID_LENGTH:
            raise RequestRefused(400, ID_TOO_LONG)
        return told
