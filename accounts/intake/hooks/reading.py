"""From the body of a webhook to records: each is read on its own, a bad one costs itself only. Pure."""

import json
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from pydantic import ValidationError

from accounts.intake import rules
from accounts.intake.hooks.rules import (
    NOT_A_HOOK,
    TOO_MANY_RECORDS,
    Record,
    RecordType,
    not_valid,
)
from accounts.intake.hooks.shapes import SHAPES, ConsentRecord
from accounts.intake.rules import Refusal, Refused, RequestRefused
from accounts.intake.storable import check_size, check_storable

_TYPES = {t.value: t for t in RecordType}
UNKNOWN_TYPE = Refusal("unknown_type", f"The field type must be one of: {', '.join(_TYPES)}.")


@dataclass
class Reading:
    """What a body holds: records, and position → why an item is refused. `items` are as they came."""

    items: list[Any]
    records: list[Record] = field(default_factory=list)
    refused: dict[int, Refusal] = field(default_factory=dict)


def read_body(body: Any, now: datetime) -> Reading:
    """Read {"type": …, "data": {…} or […]}. Raises RequestRefused (400, 413) for another body."""
    if not isinstance(body, dict) or "data" not in body:
        raise RequestRefused(400, NOT_A_HOOK)
    told = body.get("type")
    record_type = _TYPES.get(told) if isinstance(told, str) else None
    if record_type is None:
        raise RequestRefused(400, UNKNOWN_TYPE)
    data = body["data"]
    if not isinstance(data, dict | list):
        raise RequestRefused(400, NOT_A_HOOK)
    items = data if isinstance(data, list) else [data]
    return read_items([(record_type, item) for item in items], now)


def read_items(told: list[tuple[RecordType, Any] | Refusal], now: datetime, items: list[Any] | None = None) -> Reading:
    """Read records of known types; a refusal in the list is passed on. `items` are what is kept of refused ones."""
    if len(told) > rules.MAX_BATCH_ITEMS:
        raise RequestRefused(413, TOO_MANY_RECORDS)
    kept = items if items is not None else [_kept(one) for one in told]
    reading = Reading(kept)
    for position, one in enumerate(told):
        if isinstance(one, Refusal):
            reading.refused[position] = one
            continue
        try:
            reading.records.append(_record(position, *one, now, kept[position]))
        except Refused as refused:
            reading.refused[position] = refused.refusal
    return reading


def _kept(one: tuple[RecordType, Any] | Refusal) -> Any:
    """A refused item so that it can be sent again by itself."""
    return None if isinstance(one, Refusal) else {"type": one[0].value, "data": one[1]}


def _record(position: int, record_type: RecordType, item: Any, now: datetime, raw: Any) -> Record:
    """One item against the shape of its type. Raises Refused with the field and what is wrong with it."""
    check_size(item)
    check_storable(item)
    try:
        shape = SHAPES[record_type].model_validate_json(json.dumps(item))
    except ValidationError as wrong:
        raise Refused(not_valid(_problems(wrong))) from wrong
    if isinstance(shape, ConsentRecord):
        at, external_id = shape.at, shape.contact
    else:
        at, external_id = shape.updated_at, shape.external_id
    if at - now > rules.MAX_AHEAD:
        raise Refused(rules.TOO_FAR_AHEAD)
    named = shape.model_fields_set - {"external_id", "updated_at"}
    fields = {name: getattr(shape, name) for name in type(shape).model_fields if name in named}
    return Record(position, record_type, external_id, at, fields, raw, shape.lasting)


def _problems(wrong: ValidationError) -> str:
    """The first three problems, each with its field; never the value, which may be a secret or a name."""
    found = wrong.errors(include_url=False, include_context=False, include_input=False)
    told = [f"{'.'.join(str(step)[:60] for step in one['loc']) or 'The record'}: {one['msg']}" for one in found[:3]]
    more = f"; and {len(found) - 3} more" if len(found) > 3 else ""
    return "; ".join(told) + more + "."
