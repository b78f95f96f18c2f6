"""The rewards API: GET /v1/accounts/<external-id>/rewards and POST /v1/redemptions.

A key of the API as HTTP Basic user name or as Bearer token. 200 means committed.
"""

import base64
import binascii
import logging
from collections.abc import Callable
from typing import Any

from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.utils import timezone
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_GET, require_POST
from pydantic import ValidationError

from accounts.intake.bodies import parsed, unpacked
from accounts.intake.exchange import body_of, refusal, unavailable
from accounts.intake.quota import spend
from accounts.intake.rules import Refusal, RequestRefused
from accounts.records.models import Account
from loyalty.core.availability import DATABASE_TROUBLE, is_unavailable
from loyalty.core.errors import DomainError
from rewards.delivery.api.keys import key_of
from rewards.delivery.api.models import ApiKey
from rewards.delivery.api.queries import rewards_of
from rewards.delivery.api.redeeming import OtherRequest, redeem_once
from rewards.delivery.api.rules import LONGEST_KEY, RedemptionRequest

log = logging.getLogger(__name__)

WRONG_KEY = Refusal("wrong_key", "This key does not work. An administrator makes keys on /settings/api-keys/.")
MAY_NOT_REDEEM = Refusal("may_not_redeem", "This key may read rewards, and not redeem them.")
NO_ACCOUNT = Refusal("no_account", "There is no account with this external_id.")
NO_IDEMPOTENCY_KEY = Refusal(
    "no_idempotency_key", f"Send the header Idempotency-Key: 1 to {LONGEST_KEY} printable ASCII letters, your own id."
)


@login_not_required
@require_GET
def rewards(request: HttpRequest, external_id: str) -> HttpResponse:
    """What an account holds."""
    return _answer(lambda: _rewards(request, external_id))


@csrf_exempt
@login_not_required
@require_POST
def redemptions(request: HttpRequest) -> HttpResponse:
    """Redeem, once for each idempotency key."""
    return _answer(lambda: _redemption(request))


def _rewards(request: HttpRequest, external_id: str) -> dict[str, Any]:
    _key(request)
    account = None if "\0" in external_id else Account.objects.filter(external_id=external_id).first()
    if account is None:
        raise RequestRefused(404, NO_ACCOUNT)
    return rewards_of(account, timezone.now())


def _redemption(request: HttpRequest) -> dict[str, Any]:
    by = _key(request)
    if not by.may_redeem:
        raise RequestRefused(403, MAY_NOT_REDEEM)
    key = request.headers.get("Idempotency-Key", "")
    if not (0 < len(key) <= LONGEST_KEY and key.isascii() and key.isprintable()):
        raise RequestRefused(400, NO_IDEMPOTENCY_KEY)
    try:
        asked = RedemptionRequest.model_validate(parsed(unpacked(body_of(request))))
    except ValidationError as wrong:
        raise RequestRefused(400, Refusal("malformed", _said(wrong))) from wrong
    try:
        return redeem_once(asked, key=key, by=by, now=timezone.now())
    except Account.DoesNotExist as missing:
        raise RequestRefused(404, NO_ACCOUNT) from missing
    except OtherRequest as other:
        raise RequestRefused(409, Refusal("other_body", str(other))) from other
    except DomainError as refused:
        raise RequestRefused(422, Refusal("not_redeemable", str(refused))) from refused


def _key(request: HttpRequest) -> ApiKey:
    scheme, _, given = request.headers.get("Authorization", "").partition(" ")
    text = given.strip() if scheme.lower() == "bearer" else _basic_user(given) if scheme.lower() == "basic" else ""
    if text:
        spend(text)
    key = key_of(text)
    if key is None:
        raise RequestRefused(401, WRONG_KEY)
    return key


def _basic_user(credentials: str) -> str:
    try:
        return base64.b64decode(credentials, validate=True).decode().partition(":")[0]
    except (binascii.Error, ValueError):
        return ""


def _said(wrong: ValidationError) -> str:
    """Each fault with its place; never what was sent."""
    faults = wrong.errors(include_url=False, include_input=False, include_context=False)
    return "; ".join(f"{'.'.join(map(str, fault['loc'])) or 'body'}: {fault['msg']}" for fault in faults[:5])


def _answer(act: Callable[[], dict[str, Any]]) -> HttpResponse:
    try:
        # What comes out of the database has another order of keys than what goes in.
        return JsonResponse(act(), json_dumps_params={"sort_keys": True})
    except RequestRefused as refused:
        return refusal(refused)
    except DATABASE_TROUBLE as trouble:
        if not is_unavailable(trouble):
            raise
        log.warning("The rewards API cannot use the database: %s", trouble)
        return unavailable()
