"""Records that come by webhook: their types, what counts when they overlap, and where two bodies differ. Pure."""

import hashlib
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

from accounts.intake import rules
from accounts.intake.places import leaves, named
from accounts.intake.rules import Awaited, Refusal
from accounts.sources.rules import Kind

CHANNEL = "webhook"
TOLERANCE = timedelta(minutes=5)
# How long a webhook id is remembered; senders give up on a call within days.
REMEMBERED = timedelta(days=30)
# Bodies with more places than this are compared record by record.
MAX_PARTS = 1000


class RecordType(StrEnum):
    ACCOUNT = "account"
    CONTACT = "contact"
    TICKET = "ticket"
    FEEDBACK = "feedback"
    CONSENT = "consent"


# The kind of data that each type is: only its system of record may tell it.
KIND_OF: dict[RecordType, Kind] = {
    RecordType.ACCOUNT: Kind.ACCOUNT,
    RecordType.CONTACT: Kind.ACCOUNT,
    RecordType.TICKET: Kind.SUPPORT,
    RecordType.FEEDBACK: Kind.FEEDBACK,
    RecordType.CONSENT: Kind.FEEDBACK,
}

_AWAITED = {RecordType.TICKET: Awaited.TICKET, RecordType.FEEDBACK: Awaited.FEEDBACK}

NO_SOURCE = Refusal("no_source", "There is no source at this address. Copy it again from the Sources page.")
NO_SECRET = Refusal(
    "no_secret", "This source has no signing secret that works. An administrator makes one on the Sources page."
)
BAD_SIGNATURE = Refusal(
    "bad_signature", "The signature does not fit the body. Sign with the secret that the Sources page showed."
)
WRONG_TIME = Refusal(
    "wrong_time", "The signature is more than five minutes old, or ahead. Check the clock and sign each try anew."
)
ID_TOO_LONG = Refusal("bad_webhook_id", "webhook-id must be a text of 1 to 255 characters.")
NOT_A_HOOK = Refusal("not_a_record", "The body must be an object with type and data, or a list in data.")
TOO_MANY_RECORDS = Refusal("too_many_records", "A webhook takes at most 2500 records. Send fewer in one call.")
WAS_ERASED = Refusal("erased", rules.WAS_ERASED)

Told = dict[str, list[str]]


@dataclass(frozen=True)
class Lasting:
    """How something was at the time of a record: `so`, any JSON value, None for not at all.

    `since`: from when on, where the record tells it; `began`: it became so just then, and was otherwise before.
    """

    so: Any
    began: bool = False
    since: datetime | None = None


@dataclass(frozen=True)
class Record:
    """One record as it was sent: only the fields that it names. `raw` is the item as it came.

    `lasting` is field → how it was, where the field keeps since when.
    """

    position: int
    type: RecordType
    external_id: str
    at: datetime
    fields: dict[str, Any]
    raw: Any
    lasting: Mapping[str, Lasting] = field(default_factory=dict)


def contact_of(record: Record) -> str | None:
    """The id of the contact whom the record is about; None where it names none."""
    if record.type in (RecordType.CONTACT, RecordType.CONSENT):
        return record.external_id
    contact = record.fields.get("contact")
    return contact if isinstance(contact, str) else None


def of_contact(record: Record, contact: str) -> Record:
    """The same record about the contact whose id this is."""
    if record.type in (RecordType.CONTACT, RecordType.CONSENT):
        return replace(record, external_id=contact)
    return replace(record, fields=record.fields | {"contact": contact})


def incomplete(record: Record, missing: list[str]) -> Refusal:
    """A record that is new must say more than one that is known, and waits until it is.

    Of what is told in whole, and at no account, nobody tells any more: it waits for nothing.
    """
    reason = f"The record is new here and must also name {' and '.join(missing)}."
    if missing == ["account"] or record.type not in _AWAITED:
        return Refusal("incomplete", reason)
    return Refusal("incomplete", reason, record.external_id, _AWAITED[record.type])


def not_valid(problem: str) -> Refusal:
    return Refusal("not_valid", problem)


def cannot_be_placed(reason: str, waits_for: str = "", waits_as: Awaited = Awaited.ACCOUNT) -> Refusal:
    """A record about somebody else than it may be, or about somebody nobody knows yet, for whom it waits."""
    return Refusal("not_placed", reason, waits_for, waits_as)


def newer_fields(told: Mapping[str, list[str]], record: Record, key: bytes) -> Told:
    """Field → [time, digest] of those fields that this record tells and no newer one has told, but for lasting ones.

    The later time wins; at the same time the greater digest, so that whatever
    the order of arrival, the same word stands.
    """
    fresh: Told = {}
    for name, value in record.fields.items():
        if name in record.lasting:
            continue
        word = [record.at.isoformat(), digest(value, key)]
        if name not in told or _order(word) > _order(told[name]):
            fresh[name] = word
    return fresh


def _order(word: list[str]) -> tuple[datetime, str]:
    return datetime.fromisoformat(word[0]), word[1]


def digest(value: Any, key: bytes) -> str:
    """A short keyed digest of any JSON value, dates and decimals included."""
    text = json.dumps(value, sort_keys=True, default=str, separators=(",", ":"))
    return hashlib.blake2b(text.encode("utf-8", "surrogatepass"), key=key, digest_size=9).hexdigest()


def parts(body: Any, key: bytes) -> dict[str, str]:
    """Place → digest of everything in a body; the inside of records is left out when there is too much."""
    found: dict[str, str] = {}
    for place, value in leaves("", body):
        found[_named(place, key)] = digest(value, key)
        if len(found) > MAX_PARTS:
            return {_named(place, key): digest(value, key) for place, value in _records(body)}
    return found


def differences(earlier: Mapping[str, str], later: Mapping[str, str]) -> list[str]:
    """The places whose values are not the same in both, in their order."""
    places = [*later, *(place for place in earlier if place not in later)]
    return [place for place in places if earlier.get(place) != later.get(place)]


def _named(place: str, key: bytes) -> str:
    return named(place, lambda whole: digest(whole, key))


def _records(body: Any) -> Iterator[tuple[str, Any]]:
    if not isinstance(body, dict):
        yield "the body", body
        return
    for name, value in body.items():
        if name == "data" and isinstance(value, list):
            yield from ((f"data[{number}]", item) for number, item in enumerate(value))
        else:
            yield name, value
