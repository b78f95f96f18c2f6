"""HubSpot's webhooks as records: companies become accounts, their contacts ours. Pure.

A body is a list of events, each telling one property (webhooks v3, also the
generic `object.` subscriptions), or CRM objects with all their properties. An
account's id is the id of the HubSpot company: let the product send it as
groupId. Properties that no record has are passed over.
"""

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any
from zoneinfo import available_timezones

from accounts.intake.hooks.reading import Reading, read_items
from accounts.intake.hooks.rules import NOT_A_HOOK, RecordType, not_valid
from accounts.intake.rules import Refusal, RequestRefused

_OBJECTS = {
    "company": RecordType.ACCOUNT,
    "contact": RecordType.CONTACT,
    "0-2": RecordType.ACCOUNT,
    "0-1": RecordType.CONTACT,
}
# HubSpot has a word for what its values may not hold.
_ZONES = {zone.lower().replace("/", "_slash_").replace("-", "_hyphen_"): zone for zone in available_timezones()}
# A value that tells nothing of its field.
_NOT_TOLD = object()
NOT_TAKEN = Refusal(
    "not_taken",
    "Only companies and contacts being created, restored or changed in a property are taken in from HubSpot.",
)


def read(body: Any, now: datetime) -> Reading:
    """The records of a body. Raises RequestRefused (400, 413)."""
    items = body if isinstance(body, list) else [body]
    if not all(isinstance(item, dict) for item in items):
        raise RequestRefused(400, NOT_A_HOOK)
    return read_items([_told(item) for item in items], now, items)


def _told(item: dict[str, Any]) -> tuple[RecordType, Any] | Refusal:
    return _of_event(item) if "subscriptionType" in item else _of_object(item)


def _of_event(item: dict[str, Any]) -> tuple[RecordType, Any] | Refusal:
    what, _, change = str(item["subscriptionType"]).partition(".")
    record_type = _OBJECTS.get(str(item.get("objectTypeId")) if what == "object" else what)
    if record_type is None or change not in {"creation", "restore", "propertyChange"}:
        return NOT_TAKEN
    at, own_id = _moment(item.get("occurredAt")), _id(item.get("objectId"))
    if at is None or own_id is None:
        return not_valid("An event needs objectId and occurredAt (milliseconds).")
    told = {str(item.get("propertyName")): item.get("propertyValue")} if change == "propertyChange" else {}
    return record_type, {"external_id": own_id, "updated_at": at} | _fields(record_type, told)


def _of_object(item: dict[str, Any]) -> tuple[RecordType, Any] | Refusal:
    properties, own_id = item.get("properties"), _id(item.get("id"))
    if not isinstance(properties, dict) or own_id is None or not isinstance(item.get("updatedAt"), str):
        return not_valid("A CRM object needs id, properties and updatedAt.")
    told = str(item.get("objectTypeId", ""))
    is_contact = not {"email", "firstname", "lastname"}.isdisjoint(properties)
    record_type = _OBJECTS.get(told, RecordType.CONTACT if is_contact else RecordType.ACCOUNT)
    if item.get("archived") is True or (told and told not in _OBJECTS):
        return NOT_TAKEN
    return record_type, {"external_id": own_id, "updated_at": item["updatedAt"]} | _fields(record_type, properties)


def _fields(record_type: RecordType, properties: dict[str, Any]) -> dict[str, Any]:
    """Our fields out of HubSpot's properties, whose values are all texts; empty means unknown."""
    known = _PROPERTIES[record_type]
    fields = {known[name][0]: known[name][1](value) for name, value in properties.items() if name in known}
    return {name: value for name, value in fields.items() if value is not _NOT_TOLD}


def _text(value: Any) -> Any:
    return None if value in (None, "") else value


def _name(value: Any) -> Any:
    """An account is never without a name."""
    return _NOT_TOLD if value in (None, "") else value


def _id(value: Any) -> str | None:
    return str(value) if type(value) in (int, str) and value != "" else None


def _number(value: Any) -> Any:
    """A whole number; what is none is left to the shape to refuse."""
    is_number = isinstance(value, str) and value.isascii() and value.isdecimal() and len(value) < 12
    return int(value) if is_number else _text(value)


def _industry(value: Any) -> Any:
    """COMPUTER_SOFTWARE reads Computer software."""
    return value.replace("_", " ").capitalize() if isinstance(value, str) and value else _text(value)


def _zone(value: Any) -> Any:
    """us_slash_eastern is US/Eastern; one that nobody here knows says nothing, and costs its company nothing else."""
    return _text(value) if value in (None, "") else _ZONES.get(str(value), _NOT_TOLD)


def _moment(value: Any) -> str | None:
    """Milliseconds since the epoch as ISO 8601."""
    if type(value) is not int or not 0 <= value < 10**14:
        return None
    return datetime.fromtimestamp(value / 1000, UTC).isoformat()


_PROPERTIES: dict[RecordType, dict[str, tuple[str, Callable[[Any], Any]]]] = {
    RecordType.ACCOUNT: {
        "name": ("name", _name),
        "industry": ("industry", _industry),
        "hs_country_code": ("country", _text),
        "numberofemployees": ("employee_count", _number),
        "hs_timezone": ("time_zone", _zone),
    },
    RecordType.CONTACT: {
        "firstname": ("first_name", _text),
        "lastname": ("last_name", _text),
        "email": ("email", _text),
        "associatedcompanyid": ("account", _text),
    },
}
