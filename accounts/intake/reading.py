"""One call of the Segment spec, read and checked. Pure: the clock comes in as `now`.

Checked by hand and not through a schema library, because this runs for every
event: a schema model per event costs as much as all the rest of the request.
"""

import hashlib
import json
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cached_property
from typing import Any, NamedTuple

from accounts.intake import rules
from accounts.intake.rows import EventRow
from accounts.intake.rules import CALLS_BY_NAME, Call, Refusal, Refused

Item = dict[str, Any]

_ANONYMOUS_TIMES = ("sentAt", "receivedAt")


@dataclass(frozen=True)
class Envelope:
    """What a batch says for all of its calls, and when we got it (`now`, aware)."""

    now: datetime
    sent_at: Any = None
    context: Any = None

    @cached_property
    def latest(self) -> datetime:
        """A call that is dated later is too far ahead."""
        return self.now + rules.MAX_AHEAD

    @cached_property
    def oldest(self) -> datetime:
        """A call that is dated earlier is too old."""
        return self.now - rules.MAX_AGE


class OfBatch(NamedTuple):
    """What a batch tells for a call that does not tell it itself; "" is nothing."""

    group_id: str = ""
    sent_at: str = ""


@dataclass(frozen=True)
class ProfileItem:
    """An identify, group or alias call. `payload` is what is kept of it; `is_dated` whether it tells its own time."""

    position: int
    call: Call
    message_id: str
    user_id: str | None
    group_id: str | None
    previous_id: str | None
    occurred_at: datetime
    traits: dict[str, Any]
    payload: dict[str, Any]
    is_dated: bool = True


def call_of(item: Any, endpoint: Call | None) -> Call:
    """Which call an item is: that of its endpoint, or inside a batch that of its `type`. Raises Refused."""
    if not isinstance(item, dict):
        raise Refused(rules.NOT_AN_OBJECT)
    if endpoint is not None:
        return endpoint
    kind = item.get("type")
    call = CALLS_BY_NAME.get(kind) if isinstance(kind, str) else None
    if call is None:
        raise Refused(rules.UNKNOWN_TYPE)
    return call


def read_event(item: Item, call: Call, position: int, envelope: Envelope) -> EventRow:
    """A track, page or screen call as the row that the storing statement takes. Raises Refused."""
    properties = item.get("properties")
    if properties is None:
        properties = {}
    elif type(properties) is not dict:
        raise Refused(rules.BAD_PROPERTIES)
    user_id = _id(item.get("userId"), rules.BAD_USER_ID)
    group_id = _group_id(item, envelope)
    if user_id is None and group_id is None:
        raise Refused(rules.NOBODY)
    return EventRow(
        position,
        _message_id(item, call, envelope),
        group_id,
        user_id,
        _event_name(item, call),
        _seconds(properties.get("duration_seconds")),
        _occurred_at(item, envelope).timestamp(),
        _is_dated(item),
        properties,
    )


def read_profile(item: Item, call: Call, position: int, envelope: Envelope) -> ProfileItem:
    """An identify, group or alias call. Raises Refused."""
    traits = _traits(item, call)
    user_id = _id(item.get("userId"), rules.BAD_USER_ID)
    group_id = _id(item.get("groupId"), rules.BAD_GROUP_ID) or _group_id(item, envelope)
    previous_id = _id(item.get("previousId"), rules.BAD_USER_ID)
    if call is Call.IDENTIFY and user_id is None:
        raise Refused(rules.NOBODY)
    if call is Call.GROUP and group_id is None:
        raise Refused(rules.BAD_GROUP_ID)
    if call is Call.ALIAS and (user_id is None or previous_id is None):
        raise Refused(rules.NO_PREVIOUS_ID)
    return ProfileItem(
        position=position,
        call=call,
        message_id=_message_id(item, call, envelope),
        user_id=user_id,
        group_id=group_id,
        previous_id=previous_id,
        occurred_at=_occurred_at(item, envelope),
        traits=traits,
        payload={"userId": user_id, "groupId": group_id, "previousId": previous_id, "traits": traits},
        is_dated=_is_dated(item),
    )


def told_by_batch(item: Any, envelope: Envelope) -> OfBatch:
    """What its batch tells for a call, which may be anything that was refused."""
    call = item if isinstance(item, dict) else {}
    is_sent = isinstance(envelope.sent_at, str) and not (_is_dated(call) or call.get("sentAt"))
    group_id = "" if _named_group(call.get("context")) else _named_group(envelope.context)
    return OfBatch(group_id, envelope.sent_at if is_sent else "")


def moment_of(value: Any) -> datetime:
    """An ISO 8601 moment in UTC; one without a zone is taken as UTC. Raises Refused."""
    if not isinstance(value, str) or len(value) < 10:
        raise Refused(rules.BAD_TIMESTAMP)
    try:
        moment = datetime.fromisoformat(value)
        if moment.tzinfo is UTC:
            return moment
        return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)
    except (ValueError, OverflowError) as wrong:
        raise Refused(rules.BAD_TIMESTAMP) from wrong


def _occurred_at(item: Item, envelope: Envelope) -> datetime:
    told = item.get("timestamp") or item.get("originalTimestamp") or item.get("sentAt") or envelope.sent_at
    if not told:
        return envelope.now
    moment = moment_of(told)
    if moment > envelope.latest:
        raise Refused(rules.TOO_FAR_AHEAD)
    if moment < envelope.oldest:
        raise Refused(rules.TOO_OLD)
    return moment


def _is_dated(item: Item) -> bool:
    """Whether the call tells when it happened, which stays the same however often it is sent."""
    return bool(item.get("timestamp") or item.get("originalTimestamp"))


def _message_id(item: Item, call: Call, envelope: Envelope) -> str:
    told = item.get("messageId")
    if type(told) is str and 0 < len(told) <= rules.MAX_ID_LENGTH:
        return told
    if told is None or told == "":
        return _derived_id(item, call, envelope)
    raise Refused(rules.BAD_MESSAGE_ID)


def _derived_id(item: Item, call: Call, envelope: Envelope) -> str:
    """An id out of the content, so that a call without one stays once-only when it is sent again.

    The time of sending differs from try to try and is left out, unless it is
    the only time that the call or its batch has. Without any time, what a
    sender says each morning would be the same call for ever: the minute of
    arrival is taken. A second try in a later minute is then one call too many,
    which is the lesser wrong: the use of all days but the first would be lost.
    """
    left_out = {"writeKey", *(_ANONYMOUS_TIMES if _is_dated(item) else ())}
    content = {k: v for k, v in item.items() if k not in left_out} | {"type": call.value}
    if not _is_dated(item):
        content["sentAt"] = item.get("sentAt") or envelope.sent_at or f"{envelope.now.astimezone(UTC):%Y-%m-%dT%H:%MZ}"
    try:
        text = json.dumps(content, sort_keys=True, separators=(",", ":"))
    except RecursionError as deep:
        raise Refused(rules.TOO_DEEP) from deep
    return "sha256:" + hashlib.sha256(text.encode()).hexdigest()


def _id(value: Any, refusal: Refusal) -> str | None:
    if type(value) is str and 0 < len(value) <= rules.MAX_ID_LENGTH:
        return value
    if value is None or value == "":
        return None
    text = str(value) if type(value) is int else value
    if type(text) is not str or len(text) > rules.MAX_ID_LENGTH:
        raise Refused(refusal)
    return text


def _group_id(item: Item, envelope: Envelope) -> str | None:
    """The account that the call's own context names, else that of its batch."""
    own = _id(_context(item.get("context")).get("groupId"), rules.BAD_GROUP_ID)
    return own or _id(_context(envelope.context).get("groupId"), rules.BAD_GROUP_ID)


def _named_group(context: Any) -> str:
    """The account that a context names, "" for none or one that cannot be read."""
    try:
        return _id(_context(context).get("groupId"), rules.BAD_GROUP_ID) or ""
    except Refused:
        return ""


def _traits(item: Item, call: Call) -> dict[str, Any]:
    """The traits of a profile call; RudderStack's Python client tells those of identify in the context alone."""
    told = item.get("traits")
    beside = _context(item.get("context")).get("traits") if call is Call.IDENTIFY else None
    if type(told if told is not None else {}) is not dict or type(beside if beside is not None else {}) is not dict:
        raise Refused(rules.BAD_TRAITS)
    return (beside or {}) | (told or {})


def _context(value: Any) -> dict[str, Any]:
    if value is None:
        return {}
    if type(value) is not dict:
        raise Refused(rules.BAD_CONTEXT)
    return value


def _event_name(item: Item, call: Call) -> str:
    if call is Call.TRACK:
        name = item.get("event")
    else:
        page, kind = item.get("name"), "Page" if call is Call.PAGE else "Screen"
        name = f"Viewed {page} {kind}" if isinstance(page, str) and page.strip() else f"Loaded a {kind}"
    if type(name) is not str or len(name) > rules.MAX_NAME_LENGTH or not name.strip():
        raise Refused(rules.BAD_EVENT_NAME)
    return name


def _seconds(value: Any) -> int:
    """A duration in whole seconds; what is no duration of at most a day counts as none."""
    is_duration = type(value) in (int, float) and 0 <= value <= rules.MAX_EVENT_SECONDS
    return int(value) if is_duration else 0
