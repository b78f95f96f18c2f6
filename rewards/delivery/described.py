"""What the OpenAPI document tells of this room: the rewards API, and the webhooks that we send."""

from typing import Any

from pydantic.json_schema import models_json_schema

from accounts.intake.openapi import Section
from rewards.delivery.api.rules import LONGEST_KEY, RedemptionRequest
from rewards.delivery.outgoing.rules import EVENT_WORDS, EventType

_TEXT: dict[str, Any] = {"type": "string"}
_DAY: dict[str, Any] = {"type": "string", "format": "date"}
_TIME: dict[str, Any] = {"type": "string", "format": "date-time"}
_ID: dict[str, Any] = {"type": "integer"}


def _ref(name: str) -> dict[str, Any]:
    return {"$ref": f"#/components/schemas/{name}"}


def _object(**properties: dict[str, Any]) -> dict[str, Any]:
    return {"type": "object", "properties": properties, "required": list(properties), "additionalProperties": False}


def _maybe(schema: dict[str, Any]) -> dict[str, Any]:
    return {"anyOf": [schema, {"type": "null"}]}


def _list(schema: dict[str, Any]) -> dict[str, Any]:
    return {"type": "array", "items": schema}


_, _REQUEST = models_json_schema([(RedemptionRequest, "validation")], ref_template="#/components/schemas/{model}")

_SCHEMAS: dict[str, Any] = {
    **_REQUEST["$defs"],
    "Money": _object(amount=_TEXT, currency=_TEXT),
    "GivenReward": _object(key=_TEXT, name=_TEXT, kind=_TEXT),
    "HeldTier": _object(key=_TEXT, name=_TEXT, since=_DAY),
    "OpenOffer": _object(
        id=_ID,
        state=_TEXT,
        reward=_ref("GivenReward"),
        value=_ref("Money"),
        contact=_maybe(_TEXT),
        grant=_maybe(_ID),
        delivered_at=_maybe(_TIME),
        open_until=_maybe(_DAY),
    ),
    "HeldGrant": _object(
        id=_ID,
        offer=_ID,
        state=_TEXT,
        reward=_ref("GivenReward"),
        value=_ref("Money"),
        left=_maybe(_ref("Money")),
        granted_at=_TIME,
        expires_on=_DAY,
    ),
    "AccountRewards": _object(
        account=_object(external_id=_TEXT, name=_TEXT),
        tier=_maybe(_ref("HeldTier")),
        credit=_list(_ref("Money")),
        offers=_list(_ref("OpenOffer")),
        grants=_list(_ref("HeldGrant")),
    ),
    "RedemptionAnswer": {
        "type": "object",
        "description": "The redemption and what was asked for; `left` is the credit of the account after it.",
        "properties": {
            "redemption": _ID,
            "account": _TEXT,
            "amount": _TEXT,
            "currency": _TEXT,
            "invoice": _TEXT,
            "grant": _ID,
            "left": _ref("Money"),
        },
        "required": ["redemption", "account"],
    },
}

_DATA: dict[EventType, dict[str, Any]] = {
    EventType.OFFER_DELIVERED: _object(
        account=_TEXT,
        offer=_ID,
        grant=_maybe(_ID),
        reward=_ref("GivenReward"),
        value=_ref("Money"),
        open_until=_maybe(_DAY),
    ),
    EventType.GRANT_ISSUED: _object(
        account=_TEXT, grant=_ID, offer=_ID, reward=_ref("GivenReward"), value=_ref("Money"), expires_on=_DAY
    ),
    EventType.GRANT_REDEEMED: {
        "type": "object",
        "description": "Of a credit with its value, what is left of the grant, its cause and the day of the books.",
        "properties": {
            "account": _TEXT,
            "grant": _ID,
            "offer": _ID,
            "reward": _ref("GivenReward"),
            "value": _ref("Money"),
            "left": _ref("Money"),
            "cause": _TEXT,
            "booked_on": _DAY,
        },
        "required": ["account", "grant", "offer", "reward"],
    },
    EventType.GRANT_EXPIRED: {
        "type": "object",
        "description": "Of a credit with what lapsed; of a pass with its last day.",
        "properties": {
            "account": _TEXT,
            "grant": _ID,
            "offer": _ID,
            "reward": _ref("GivenReward"),
            "value": _ref("Money"),
            "left": _ref("Money"),
            "cause": _TEXT,
            "booked_on": _DAY,
            "expired_after": _DAY,
        },
        "required": ["account", "grant", "offer", "reward"],
    },
    EventType.TIER_CHANGED: _object(account=_TEXT, tier=_maybe(_TEXT), from_tier=_maybe(_TEXT), on=_maybe(_DAY)),
}

_HEADERS = {
    "webhook-id": "The same when a message is sent again: take it twice as once.",
    "webhook-timestamp": "Seconds since 1970 of this try; older than 5 minutes is a replay.",
    "webhook-signature": "Standard Webhooks: v1 and HMAC-SHA256 of id.timestamp.body, one for each secret that works.",
}


def _header(name: str, words: str, **schema: Any) -> dict[str, Any]:
    return {
        "name": name,
        "in": "header",
        "required": True,
        "description": words,
        "schema": {"type": "string", **schema},
    }


def _told(event: EventType) -> dict[str, Any]:
    body = _object(type={"const": event.value}, timestamp=_TIME, data=_DATA[event])
    return {
        "post": {
            "operationId": f"tell_{event.value.replace('.', '_')}",
            "summary": f"Told when {EVENT_WORDS[event]}.",
            "parameters": [_header(name, words) for name, words in _HEADERS.items()],
            "requestBody": {"required": True, "content": {"application/json": {"schema": body}}},
            "responses": {
                "2XX": {"description": "Taken. Anything else is tried again for three days."},
                "410": {"description": "Nothing is wanted at this address any more."},
            },
        }
    }


def _answers(ok: str, words: str, refused: dict[str, str]) -> dict[str, Any]:
    problem = {"application/json": {"schema": _ref("Problem")}}
    told = {status: {"description": why, "content": problem} for status, why in refused.items()}
    return {"200": {"description": words, "content": {"application/json": {"schema": _ref(ok)}}}, **told}


_SECURED: list[dict[str, list[str]]] = [{"apiKey": []}, {"apiKeyAsUser": []}]
_REFUSED = {
    "401": "The key does not work.",
    "404": "There is no account with this external_id.",
    "429": "Too many requests with this key. Send again after the seconds in Retry-After.",
    "503": "The database is away. Send again after the seconds in Retry-After.",
}

_PATHS: dict[str, Any] = {
    "/v1/accounts/{external_id}/rewards": {
        "parameters": [{"name": "external_id", "in": "path", "required": True, "schema": {**_TEXT, "minLength": 1}}],
        "get": {
            "operationId": "rewards",
            "summary": "What an account holds: offers that reached it, grants with what is left and until when, tier.",
            "security": _SECURED,
            "responses": _answers("AccountRewards", "What the product shows its user.", _REFUSED),
        },
    },
    "/v1/redemptions": {
        "post": {
            "operationId": "redeem",
            "summary": "Use credit for an invoice, or switch on a grant that is no credit.",
            "security": _SECURED,
            "parameters": [
                _header(
                    "Idempotency-Key",
                    "Your own id of this redemption: the same again has no effect and gets the same answer.",
                    minLength=1,
                    maxLength=LONGEST_KEY,
                )
            ],
            "requestBody": {
                "required": True,
                "content": {"application/json": {"schema": _ref("RedemptionRequest")}},
            },
            "responses": _answers(
                "RedemptionAnswer",
                "Committed.",
                _REFUSED
                | {
                    "400": "The body is not what it should be, or there is no Idempotency-Key.",
                    "403": "This key may read, and not redeem.",
                    "409": "The Idempotency-Key came before with another body; the message names the difference.",
                    "411": "The body has no Content-Length.",
                    "413": "The body is too large.",
                    "422": "There is not enough left, or the grant cannot be used (any more). Nothing was kept.",
                },
            ),
        }
    },
}

SECTION = Section(
    paths=_PATHS,
    webhooks={event.value: _told(event) for event in EventType},
    schemas=_SCHEMAS,
    security={
        "apiKey": {"type": "http", "scheme": "bearer", "description": "A key of the rewards API."},
        "apiKeyAsUser": {"type": "http", "scheme": "basic", "description": "The same as user name, no password."},
    },
)
