"""What became of a request: counted, with what it was refused and why. Shared by every way in over HTTP."""

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeVar

from django.db import IntegrityError, OperationalError, connection, transaction
from psycopg.errors import DeadlockDetected, SerializationFailure, UniqueViolation

from accounts.intake import rules
from accounts.intake.bodies import parsed
from accounts.intake.forgetting import ids_in_text, naming_erased
from accounts.intake.models import RefusedItem
from accounts.intake.reading import Envelope, OfBatch, told_by_batch
from accounts.intake.rules import Refusal, RequestRefused
from accounts.intake.storable import shown
from accounts.records.models import Contact
from accounts.sources.queries import Sender

_TRIES = 3
Outcome = TypeVar("Outcome")
_WRITE_KEY = re.compile(r'("writeKey"\s*:\s*)"[^"]*"?')

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
SELECT id, 0, '', %(channel)s, %(code)s, %(reason)s,
       CASE WHEN EXISTS (SELECT FROM erased_among(%(named)s)) THEN '' ELSE %(raw)s END
FROM batch
"""


@dataclass(frozen=True)
class RefusedCall:
    """One call of a request that was not taken in."""

    position: int
    message_id: str
    call: str
    refusal: Refusal
    raw: str
    of_batch: OfBatch = OfBatch()


@dataclass(frozen=True)
class Receipt:
    """What became of the calls of one request."""

    accepted: int
    duplicates: int
    refused: list[RefusedCall]


def tell_refused_request(sender: Sender | None, channel: str, refusal: Refusal, raw: str) -> None:
    """Count a request that was refused as a whole, and keep the beginning of its body.

    Nothing of it is kept when that names somebody who was erased, and little
    when it cannot be read, so that nobody knows whom it names. Without a sender
    at most 60 are kept a minute: nobody signed for them.
    """
    text = _WRITE_KEY.sub(r'\1"(removed)"', raw)
    if sender is not None:
        text = text[: rules.KEPT_RAW_CHARACTERS if _is_readable(raw) else rules.KEPT_UNREAD_CHARACTERS]
        call = RefusedCall(0, "", channel, refusal, text)
        with transaction.atomic():
            if naming_erased({0: ids_in_text(raw, first=len(text))}):
                call = RefusedCall(0, "", channel, rules.ERASED_CONTACT, "")
            keep(sender, channel, Receipt(0, 0, [call]))
        return
    parameters: dict[str, Any] = {
        "bound": rules.UNSIGNED_KEPT_A_MINUTE,
        "channel": channel,
        "code": refusal.code,
        "reason": refusal.reason,
        "raw": text[: rules.KEPT_UNREAD_CHARACTERS],
        "named": sorted(ids_in_text(raw, first=rules.KEPT_UNREAD_CHARACTERS)),
    }
    with connection.cursor() as cursor:
        cursor.execute(_UNSIGNED, parameters)


def _is_readable(raw: str) -> bool:
    try:
        parsed(raw.encode())
    except RequestRefused:
        return False
    return True


def refused_call(position: int, item: Any, refusal: Refusal, channel: str, envelope: Envelope) -> RefusedCall:
    """One item of a request with why it was refused, and what its batch told for it; a write key in it is left out."""
    named = item if isinstance(item, dict) else {}
    call, message_id = named.get("type", channel), named.get("messageId", "")
    raw = _WRITE_KEY.sub(r'\1"(removed)"', shown(item))
    raw = raw[: rules.KEPT_RAW_CHARACTERS]
    of_batch = told_by_batch(item, envelope)
    return RefusedCall(position, plain(message_id, 255), plain(call, 40), refusal, raw, of_batch)


def plain(value: Any, longest: int) -> str:
    """A text out of a refused item that a column can hold."""
    if not isinstance(value, str):
        return ""
    return value.encode("utf-8", "backslashreplace").decode().replace("\0", "\\x00")[:longest]


def keep(sender: Sender, channel: str, receipt: Receipt) -> None:
    """Count the request, keep what it was refused, and note that the source was heard, if it was."""
    figures = {"accepted": receipt.accepted, "duplicates": receipt.duplicates, "refused": len(receipt.refused)}
    touch = sender.is_heard and receipt.accepted > 0
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
            batch_group=plain(refused.of_batch.group_id, 255),
            batch_sent_at=plain(refused.of_batch.sent_at, 255),
            waits_for=plain(refused.refusal.waits_for, 255),
            waits_as=refused.refusal.waits_as.value,
        )
        for refused in receipt.refused
    )


def until_no_deadlock(write: Callable[[], Outcome]) -> Outcome:
    """Try again when PostgreSQL chose this transaction to end a deadlock, with an import for example.

    And when another request took the id that a contact was to have: that is seen at the second try.
    """
    for _ in range(_TRIES - 1):
        try:
            return write()
        except IntegrityError as error:
            taken = error.__cause__
            if not isinstance(taken, UniqueViolation) or taken.diag.table_name != Contact._meta.db_table:
                raise
        except OperationalError as error:
            if connection.in_atomic_block or not isinstance(error.__cause__, DeadlockDetected | SerializationFailure):
                raise
    return write()
