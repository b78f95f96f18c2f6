"""The OpenAPI 3.1 document of the ways in and out over HTTP, made of the shapes that check and describe them."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any

from pydantic import BaseModel
from pydantic.json_schema import models_json_schema

from accounts.intake.hooks.shapes import SHAPES
from accounts.intake.openapi_shapes import (
    CALLS,
    Batch,
    HubSpotEvent,
    Problem,
    StripeEvent,
    Taken,
    ZendeskEvent,
    envelope_of,
)
from accounts.intake.rules import Call

VERSION = "1"
_REFUSED = {
    "400": "The body is not what it should be: no JSON, no UTF-8, another shape, or nested so deep that the calls "
    "in it cannot be told apart (code too_deep; from some 900 levels on). Nothing of it was taken in.",
    "401": "The key or the signature is wrong, or too old.",
    "411": "The body has no Content-Length.",
    "413": "The body is too large.",
    "429": "Too many requests from this sender. Send again after the seconds in Retry-After.",
    "503": "The database is away. Send again after the seconds in Retry-After.",
}
_HOOK_REFUSED = {"404": "There is no source at this address."}
_STRIPE_REFUSED = {
    "400": "Stripe-Signature does not fit the body and a signing secret of the source (code bad_signature), or is of "
    "more than 5 minutes ago or ahead (out_of_time), or no secret is set (no_secret); or the body is no JSON object, "
    "not UTF-8, or nested too deep. Nothing was taken in.",
}
_CONFLICT = {"409": "The webhook-id came before with another body; the message names the difference."}
_CALL_CONFLICT = {"409": "The messageId came before with another body (code other_body); the message names the places."}
_ABOUT = (
    "200 means committed. Times without a zone are UTC in calls; records must name a zone.\n\n"
    "A messageId means one call of its source for good. The same again has no effect and counts as a duplicate, "
    "however often and by however many at once. With another body it is refused with code other_body, and the reason "
    "names where it differs: a single call with 409; in a batch, which is 200, under its index. Compared is what is "
    "kept: what happened, userId, context.groupId, the time that the call tells itself, properties and traits; sentAt "
    "and the rest of context may differ.\n\n"
    "A call without a messageId is told by its content and its time: timestamp or originalTimestamp, else the sentAt "
    "of the call or of its batch, else the minute (UTC) in which it came. Of calls that say the same without any time, "
    "one a minute counts, and one that is tried again in a later minute counts twice: send a messageId.\n\n"
    "A call whose objects and lists are nested more than 64 deep is refused by its index, and the others go in. A body "
    "nested deeper than can be read at all is refused as a whole with 400.\n\n"
    "previousId of an alias call goes on naming the contact: what is sent with it, before or after, is theirs. "
    "Two contacts are never made one: an alias of two ids that are each a contact’s is refused with code two_contacts, "
    "and both stay as they are. So send the alias before the new userId is used, or in the same batch; where both are "
    "contacts already, use one of the ids alone from then on.\n\n"
    "traits.consent of an identify call ({granted, policyVersion, at}) withdraws consent from any source, and gives it "
    "from the system of record for feedback, or while there is none; elsewhere a grant is kept as a trait and no more."
    "\n\n"
    "An event without context.groupId counts at the account where its contact was at its time: that of the newest call "
    "with a groupId until then, of calls with one time the one with the greatest messageId; before the first of them, "
    "that of the first. A contact of whom an event with a groupId told before any call did is at its account until "
    "that call. This holds in whatever order calls come: one that comes late moves, within some seconds, the events "
    "that it is about, with their daily usage. What does not move: events on days whose raw events were deleted, "
    "offers that were made, and streaks that were reached. A record of a contact places them from its time on for the "
    "events that come after it, and moves none that came before."
)

_EVENTS: list[type[BaseModel]] = [HubSpotEvent, ZendeskEvent, StripeEvent]


@dataclass(frozen=True)
class Section:
    """What a higher floor adds: paths, webhooks out, schemas, ways to sign in; as OpenAPI 3.1 writes them."""

    paths: Mapping[str, Any]
    webhooks: Mapping[str, Any]
    schemas: Mapping[str, Any]
    security: Mapping[str, Any]


_sections: list[Section] = []


def add_section(section: Section) -> None:
    """Describe more in the document, once, when the app is ready."""
    _sections.append(section)
    document.cache_clear()


@cache
def document() -> dict[str, Any]:
    """The whole document; do not change what you get."""
    envelopes = [envelope_of(shape) for shape in SHAPES.values()]
    shapes: list[type[BaseModel]] = [*CALLS.values(), Batch, Taken, Problem, *_EVENTS, *envelopes]
    _, described = models_json_schema(
        [(shape, "validation") for shape in shapes], ref_template="#/components/schemas/{model}"
    )
    paths = _segment() | _webhooks([envelope.__name__ for envelope in envelopes]) | _itself()
    schemas_told, security = dict(described["$defs"]), dict(_SECURITY)
    told: dict[str, Any] = {}
    for section in _sections:
        paths |= section.paths
        schemas_told |= section.schemas
        security |= section.security
        told |= section.webhooks
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "Loyalty",
            "version": VERSION,
            "description": _ABOUT,
        },
        "servers": [{"url": "/"}],
        "paths": paths,
        "webhooks": told,
        "components": {"schemas": schemas_told, "securitySchemes": security},
    }


_SECURITY = {
    "writeKey": {"type": "http", "scheme": "basic", "description": "The write key as user name, no password."},
    "standard": {"type": "apiKey", "in": "header", "name": "webhook-signature"},
    "hubspot": {"type": "apiKey", "in": "header", "name": "X-HubSpot-Signature-v3"},
    "zendesk": {"type": "apiKey", "in": "header", "name": "X-Zendesk-Webhook-Signature"},
    "stripe": {"type": "apiKey", "in": "header", "name": "Stripe-Signature"},
}


def _segment() -> dict[str, Any]:
    calls = {f"/v1/{call.value}": _call(call) for call in Call}
    batches = {
        f"/v1/{name}": {
            "post": _operation(name, "Several calls at once.", {"$ref": "#/components/schemas/Batch"}, "writeKey")
        }
        for name in ("batch", "import")
    }
    return calls | batches


def _call(call: Call) -> dict[str, Any]:
    shape = CALLS[call]
    body = {"$ref": f"#/components/schemas/{shape.__name__}"}
    operation = _operation(call.value, shape.__doc__ or "", body, "writeKey")
    operation["responses"] |= _responses(_CALL_CONFLICT)
    return {"post": operation}


def _webhooks(envelopes: list[str]) -> dict[str, Any]:
    records = {"oneOf": [{"$ref": f"#/components/schemas/{name}"} for name in envelopes]}
    hubspot = {"$ref": "#/components/schemas/HubSpotEvent"}
    bodies: dict[str, tuple[str, str, dict[str, Any]]] = {
        "/webhooks/{source_id}": ("standard", "Records of CRM, support and feedback, by Standard Webhooks.", records),
        "/webhooks/hubspot/{source_id}": (
            "hubspot",
            "HubSpot’s companies and contacts.",
            {"oneOf": [hubspot, {"type": "array", "items": hubspot}]},
        ),
        "/webhooks/zendesk/{source_id}": (
            "zendesk",
            "Zendesk’s tickets and their ratings.",
            {"$ref": "#/components/schemas/ZendeskEvent"},
        ),
        "/webhooks/stripe/{source_id}": (
            "stripe",
            "Stripe’s customers, subscriptions and invoices.",
            {"$ref": "#/components/schemas/StripeEvent"},
        ),
    }
    return {path: _webhook(scheme, words, body) for path, (scheme, words, body) in bodies.items()}


def _webhook(scheme: str, words: str, body: dict[str, Any]) -> dict[str, Any]:
    operation = _operation(f"webhook_{scheme}", words, body, scheme, **_HOOK_REFUSED)
    if scheme == "standard":
        operation["responses"] |= _responses(_CONFLICT)
        operation["parameters"] = [_header("webhook-id"), _header("webhook-timestamp")]
    if scheme == "stripe":
        operation["responses"] |= _responses(_STRIPE_REFUSED)
        del operation["responses"]["401"]
    parameter = {"name": "source_id", "in": "path", "required": True, "schema": {"type": "integer", "minimum": 0}}
    return {"parameters": [parameter], "post": operation}


def _header(name: str) -> dict[str, Any]:
    return {"name": name, "in": "header", "required": True, "schema": {"type": "string"}}


def _itself() -> dict[str, Any]:
    answer = {"description": "This document.", "content": {"application/json": {"schema": {"type": "object"}}}}
    return {"/v1/openapi.json": {"get": {"operationId": "openapi", "responses": {"200": answer}}}}


def _operation(
    operation_id: str, words: str, body: dict[str, Any], security: str, **more_refused: str
) -> dict[str, Any]:
    taken = {"schema": {"$ref": "#/components/schemas/Taken"}}
    return {
        "operationId": operation_id,
        "summary": words,
        "security": [{security: []}],
        "requestBody": {"required": True, "content": {"application/json": {"schema": body}}},
        "responses": {
            "200": {"description": "Committed.", "content": {"application/json": taken}},
            **_responses(_REFUSED | more_refused),
        },
    }


def _responses(told: dict[str, str]) -> dict[str, Any]:
    problem = {"application/json": {"schema": {"$ref": "#/components/schemas/Problem"}}}
    return {status: {"description": words, "content": problem} for status, words in told.items()}
