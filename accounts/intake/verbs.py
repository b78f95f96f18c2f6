"""Taking in what sources send: each call once, in one transaction for each request.

Invariants: what was answered as accepted is committed, together with its daily
usage and dirty marks; a bad call costs itself only and is kept with its reason.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, TypeVar

from django.db import OperationalError, connection, transaction
from psycopg.errors import DeadlockDetected, SerializationFailure

from accounts.intake import rules
from accounts.intake.models import RefusedItem
from accounts.intake.profiles import Applied, apply_profiles
from accounts.intake.reading import Envelope, EventRow, ProfileItem, call_of, read_event, read_profile
from accounts.intake.rules import EVENT_CALLS, Call, Refusal, Refused
from accounts.intake.storable import as_text, check_size, check_storable, shown, text_if_harmless
from accounts.intake.storing import Stored, store_all, store_events
from accounts.sources.queries import Sender, record_of
from accounts.sources.rules import KIND_LABELS, Kind
from loyalty.core.doorbell.verbs import ring_on_commit

_TRIES = 3
Outcome = TypeVar("Outcome")
_WRITE_KEY = re.compile(r'("writeKey"\s*:\s*)"[^"]*"?')
_REASONS = {r.code: r for r in (rules.UNKNOWN_ACCOUNT, rules.UNKNOWN_CONTACT, rules.CONTACT_WITHOUT_ACCOUNT)}

_BATCH = """
WITH touched AS (
    UPDATE accounts_source SET last_received_at = now()
    WHERE id = %(source)s AND %(touch)s
      AND (last_received_at IS NULL OR last_received_at < now() - interval '1 minute')
)
INSERT INTO accounts_intakebatch (source_id, channel, accepted, duplicates, refused)
VALUES (%(source)s, %(channel)s, %(accepted)s, %(duplicates)s, %(refused)s) RETURNING id
"""
_UNSIGNED = """
WITH batch AS (
    INSERT INTO accounts_intakebatch (channel, accepted, duplicates, refused)
    SELECT %(channel)s, 0, 0, 1
    WHERE (SELECT count(*) FROM accounts_intakebatch
           WHERE source_id IS NULL AND received_at > now() - interval '1 minute') < %(bound)s
    RETURNING id
)
INSERT INTO accounts_refuseditem (batch_id, position, message_id, call, code, reason, raw)
SELECT id, 0, '', %(channel)s, %(code)s, %(reason)s, %(raw)s FROM batch
"""


@dataclass(frozen=True)
class RefusedCall:
    """One call of a request that was not taken in."""

    position: int
    message_id: str
    call: str
    refusal: Refusal
    raw: str


@dataclass(frozen=True)
class Receipt:
    """What became of the calls of one request."""

    accepted: int
    duplicates: int
    refused: list[RefusedCall]


@dataclass
class _Sorted:
    """The calls of a request, told apart."""

    events: list[EventRow] = field(default_factory=list)
    profiles: list[ProfileItem] = field(default_factory=list)
    refused: dict[int, Refusal] = field(default_factory=dict)


def take_in(
    sender: Sender, channel: str, items: list[Any], envelope: Envelope, *, endpoint: Call | None, size: int
) -> Receipt:
    """Store the calls of one request and return once they are committed.

    `endpoint` is the call that the address names, None for a batch; `size` the
    bytes of the body, decompressed. Profile calls come before events, so that a
    batch may bring a new account and its first events together.
    """
    told = _sort(items, envelope, endpoint, must_measure=size > rules.MAX_EVENT_BYTES)
    if told.events and Kind.USAGE not in sender.records:
        refusal = _not_the_record(Kind.USAGE)
        told.refused |= {row["position"]: refusal for row in told.events}
        told.events = []
    text = text_if_harmless(told.events)
    if text is None:
        told.events = [row for row in told.events if _passes(row["position"], told.refused, check_storable, row)]
        text = as_text(told.events)
    receipt = _until_no_deadlock(lambda: _write_plain(sender, channel, told, text)) or _until_no_deadlock(
        lambda: _write(sender, channel, items, envelope, told, text)
    )
    ring_on_commit()
    return receipt


def _write_plain(sender: Sender, channel: str, told: _Sorted, text: str) -> Receipt | None:
    """The way of nearly every batch: nothing but events, and each has its place. None: take the long way."""
    if told.profiles or told.refused or not told.events:
        return None
    stored = store_all(sender.source_id, channel, len(told.events), text, touch=sender.touch_due)
    return Receipt(stored.accepted, stored.duplicates, []) if stored else None


@transaction.atomic
def _write(
    sender: Sender, channel: str, items: list[Any], envelope: Envelope, told: _Sorted, text: str
) -> Receipt:
    refused, applied, stored = dict(told.refused), Applied(), Stored()
    if told.profiles:
        applied = apply_profiles(sender, told.profiles, _not_the_record, today=envelope.now.date())
        refused |= applied.problems
    if told.events:
        stored = store_events(sender.source_id, told.events, text)
        refused |= {position: _REASONS[code] for position, code in stored.problems.items()}
    receipt = Receipt(
        accepted=applied.accepted + stored.accepted,
        duplicates=applied.duplicates + stored.duplicates,
        refused=[_refused_call(position, items[position], refused[position], channel) for position in sorted(refused)],
    )
    _keep(sender, channel, receipt)
    return receipt


def tell_refused_request(sender: Sender | None, channel: str, refusal: Refusal, raw: str) -> None:
    """Count a request that was refused as a whole, and keep the beginning of its body.

    Without a sender at most 60 are kept a minute: nobody signed for them.
    """
    text = _WRITE_KEY.sub(r'\1"(removed)"', raw)
    if sender is not None:
        call = RefusedCall(0, "", channel, refusal, text[: rules.KEPT_RAW_CHARACTERS])
        with transaction.atomic():
            _keep(sender, channel, Receipt(0, 0, [call]))
        return
    parameters: dict[str, str | int] = {
        "bound": rules.UNSIGNED_KEPT_A_MINUTE,
        "channel": channel,
        "code": refusal.code,
        "reason": refusal.reason,
        "raw": text[: rules.KEPT_UNSIGNED_CHARACTERS],
    }
    with connection.cursor() as cursor:
        cursor.execute(_UNSIGNED, parameters)


def _sort(items: list[Any], envelope: Envelope, endpoint: Call | None, *, must_measure: bool) -> _Sorted:
    """Read every item; what cannot be read is refused with its reason."""
    told = _Sorted()
    for position, item in enumerate(items):
        try:
            call = call_of(item, endpoint)
            if must_measure:
                check_size(item)
            if call in EVENT_CALLS:
                told.events.append(read_event(item, call, position, envelope))
            else:
                profile = read_profile(item, call, position, envelope)
                check_storable([profile.message_id, profile.payload])
                told.profiles.append(profile)
        except Refused as refused:
            told.refused[position] = refused.refusal
    return told


def _passes(position: int, refused: dict[int, Refusal], check: Callable[[Any], None], value: Any) -> bool:
    try:
        check(value)
    except Refused as wrong:
        refused[position] = wrong.refusal
        return False
    return True


def _not_the_record(kind: Kind) -> Refusal:
    return rules.not_the_record(KIND_LABELS[kind], record_of(kind))


def _refused_call(position: int, item: Any, refusal: Refusal, channel: str) -> RefusedCall:
    named = item if isinstance(item, dict) else {}
    call, message_id = named.get("type", channel), named.get("messageId", "")
    raw = _WRITE_KEY.sub(r'\1"(removed)"', shown(item))
    return RefusedCall(position, _plain(message_id, 255), _plain(call, 40), refusal, raw[: rules.KEPT_RAW_CHARACTERS])


def _plain(value: Any, longest: int) -> str:
    """A text out of a refused item that a column can hold."""
    if not isinstance(value, str):
        return ""
    return value.encode("utf-8", "backslashreplace").decode().replace("\0", "\\x00")[:longest]


def _keep(sender: Sender, channel: str, receipt: Receipt) -> None:
    """Count the request, keep what it was refused, and note that the source was heard."""
    figures = {"accepted": receipt.accepted, "duplicates": receipt.duplicates, "refused": len(receipt.refused)}
    touch = sender.touch_due and receipt.accepted > 0
    with connection.cursor() as cursor:
        cursor.execute(_BATCH, figures | {"source": sender.source_id, "channel": channel, "touch": touch})
        (batch_id,) = cursor.fetchone()
    RefusedItem.objects.bulk_create(
        RefusedItem(
            batch_id=batch_id,
            source_id=sender.source_id,
            position=refused.position,
            message_id=refused.message_id,
            call=refused.call,
            code=refused.refusal.code,
            reason=refused.refusal.reason,
            raw=refused.raw,
        )
        for refused in receipt.refused
    )


def _until_no_deadlock(write: Callable[[], Outcome]) -> Outcome:
    """Try again when PostgreSQL chose this transaction to end a deadlock, with an import for example."""
    for _ in range(_TRIES - 1):
        try:
            return write()
        except OperationalError as error:
            if connection.in_atomic_block or not isinstance(error.__cause__, DeadlockDetected | SerializationFailure):
                raise
    return write()
