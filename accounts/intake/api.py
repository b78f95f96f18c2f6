"""The Segment spec over HTTP: /v1/track and its kin.

200 means committed. A refused call inside a batch does not cost the others: the
batch is 200 and names it by its index. A request that is refused as a whole says
so with 400, 401, 409, 411, 413 or 429, a code and a reason; it is counted on /events/ too.
"""

import base64
import binascii
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
from accounts.intake.quota import OverQuota, spend
from accounts.intake.reading import Envelope
from accounts.intake.receipts import Receipt
from accounts.intake.rules import CALLS_BY_NAME, RequestRefused
from accounts.intake.verbs import Unconfirmed, take_in
from accounts.intake.visiting import answer_to
from accounts.sources.known import known_sender, remember
from accounts.sources.queries import Sender, sender_of
from accounts.sources.rules import key_digest


@csrf_exempt
@login_not_required
@require_POST
def receive(request: HttpRequest, channel: str) -> HttpResponse:
    """Take in one request; `channel` is the last part of the address."""
    visit = Visit(request, channel, timezone.now())
    return answer_to(visit, lambda: _answer(visit.receipt(), is_batch=channel not in CALLS_BY_NAME))


class Visit:
    """One request on its way in; remembers how far it got, for the note on a refused one."""

    def __init__(self, request: HttpRequest, channel: str, now: datetime) -> None:
        self.request = request
        self.channel = channel
        self.now = now
        self.sender: Sender | None = None
        self.unconfirmed: Unconfirmed | None = None
        self.body = b""

    def receipt(self) -> Receipt:
        """Check the key, read the body, take it in. Raises RequestRefused."""
        try:
            return self._receipt()
        except OverQuota:
            raise
        except RequestRefused:
            if self.unconfirmed:  # whose key was withdrawn meanwhile is told that first
                self.unconfirmed.confirm()
            raise

    def _receipt(self) -> Receipt:
        if key := _basic_user(self.request):
            self._meet(key)
        self.body = body_of(self.request)
        self.body = unpacked(self.body)
        content = parsed(self.body)
        if not isinstance(content, dict):
            raise RequestRefused(400, rules.NOT_AN_OBJECT)
        sender = self.sender or self._meet(content.get("writeKey"))
        call = CALLS_BY_NAME.get(self.channel)
        items = [content] if call else _items(content)
        envelope = Envelope(self.now, content.get("sentAt"), content.get("context"))
        return take_in(
            sender,
            self.channel,
            items,
            envelope,
            endpoint=call,
            size=len(self.body),
            unconfirmed=self.unconfirmed,
        )

    def _meet(self, key: Any) -> Sender:
        """Whose key it is, as far as is remembered; else it is looked up."""
        if not isinstance(key, str):
            raise RequestRefused(401, rules.WRONG_KEY)
        spend(key)
        self.sender = known_sender(key)
        if self.sender:
            self.unconfirmed = Unconfirmed(key_digest(key), lambda: self._look_up(key))
        return self.sender or self._look_up(key)

    def _look_up(self, key: str) -> Sender:
        self.unconfirmed = None
        self.sender = sender_of(key, now=self.now)
        remember(key, self.sender)
        if self.sender is None:
            raise RequestRefused(401, rules.WRONG_KEY)
        return self.sender


def _basic_user(request: HttpRequest) -> str:
    """The user name of HTTP Basic, or "" when there is none that can be read."""
    scheme, _, credentials = request.META.get("HTTP_AUTHORIZATION", "").partition(" ")
    if scheme.lower() != "basic":
        return ""
    try:
        return base64.b64decode(credentials, validate=True).decode().partition(":")[0]
    except (binascii.Error, ValueError):
        return ""


def _items(content: dict[str, Any]) -> list[Any]:
    items = content.get("batch")
    if not isinstance(items, list):
        raise RequestRefused(400, rules.NO_BATCH)
    if len(items) > rules.MAX_BATCH_ITEMS:
        raise RequestRefused(413, rules.TOO_MANY_ITEMS)
    return items


def _answer(receipt: Receipt, *, is_batch: bool) -> JsonResponse:
    refused = [
        {"index": r.position, "messageId": r.message_id, "code": r.refusal.code, "reason": r.refusal.reason}
        for r in receipt.refused
    ]
    figures = {"accepted": receipt.accepted, "duplicates": receipt.duplicates, "refused": refused}
    if receipt.refused and not is_batch:
        why = receipt.refused[0].refusal
        status = 409 if why.code == rules.OTHER_BODY else 400
        return JsonResponse({"success": False, "code": why.code, "message": why.reason, **figures}, status=status)
    return JsonResponse({"success": True, **figures})
