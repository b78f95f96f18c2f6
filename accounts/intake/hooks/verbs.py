"""Taking signed records in: each webhook once, in one transaction, with the answer that it gets for good.

Invariants: what was answered as accepted is committed, with its dirty marks; a
webhook id that comes again with the same body has no effect and gets the same
answer, with another body it is refused.
"""

import hashlib
import json
from datetime import datetime
from itertools import groupby
from typing import Any

from django.conf import settings
from django.db import connection, transaction
from django.utils.encoding import force_bytes

from accounts.intake import rules
from accounts.intake.aliases import present_ids
from accounts.intake.forgetting import ids_in, naming_erased
from accounts.intake.hooks.applying import Outcomes, apply_records, lock_type, parameters_of
from accounts.intake.hooks.consents import apply_consents
from accounts.intake.hooks.models import HookCall
from accounts.intake.hooks.reading import Reading
from accounts.intake.hooks.rules import (
    CHANNEL,
    KIND_OF,
    REMEMBERED,
    WAS_ERASED,
    Record,
    RecordType,
    contact_of,
    differences,
    of_contact,
    parts,
)
from accounts.intake.receipts import Receipt, RefusedCall, keep, until_no_deadlock
from accounts.intake.rules import Refusal, RequestRefused
from accounts.intake.storable import shown
from accounts.privacy.verbs import hold_off_erasures
from accounts.sources.queries import Sender, record_of
from accounts.sources.rules import KIND_LABELS
from loyalty.core.doorbell.verbs import ring_on_commit

Answer = dict[str, Any]

_CLAIM = """
INSERT INTO accounts_hookcall (source_id, webhook_id, parts, answer) VALUES (%s, %s, %s::jsonb, '{}')
ON CONFLICT (source_id, webhook_id) DO NOTHING RETURNING id
"""


def take_in_records(
    sender: Sender, reading: Reading, *, webhook_id: str | None, body: Any, now: datetime, channel: str = CHANNEL
) -> Answer:
    """Put the records of one webhook in and return the answer once it is committed.

    `body` is the whole JSON; `webhook_id` None when the sender has no such
    thing and only the times of the records keep it once-only. Raises
    RequestRefused (409) when the id was used for another body.
    """
    answer = until_no_deadlock(lambda: _write(sender, reading, webhook_id, body, now, channel))
    ring_on_commit()
    return answer


def forget_calls(now: datetime) -> int:
    """Forget webhook ids that no sender tries again; returns how many."""
    return HookCall.objects.filter(received_at__lt=now - REMEMBERED).delete()[0]


@transaction.atomic
def _write(sender: Sender, reading: Reading, webhook_id: str | None, body: Any, now: datetime, channel: str) -> Answer:
    hold_off_erasures()
    key = digest_key()
    call = _claim(sender, webhook_id, parts(body, key)) if webhook_id is not None else None
    if call is not None and call.answer:
        keep(sender, channel, Receipt(0, len(reading.items), []))
        return dict(call.answer)
    answer = _answer(_put_in(sender, reading, channel, key, now))
    if call is not None:
        call.answer = answer
        call.save(update_fields=["answer"])
    return answer


@transaction.atomic
def put_in(sender: Sender, reading: Reading, *, channel: str, now: datetime) -> Receipt:
    """Put records in that were signed for when they came: what nobody sends, but somebody sends again."""
    hold_off_erasures()
    return _put_in(sender, reading, channel, digest_key(), now)


def _put_in(sender: Sender, reading: Reading, channel: str, key: bytes, now: datetime) -> Receipt:
    outcomes: Outcomes = {**reading.refused, **_apply(sender, reading.records, key, now)}
    receipt = _receipt(reading, outcomes, channel)
    keep(sender, channel, receipt)
    return receipt


def digest_key() -> bytes:
    """The key of the digests that stand for values; another SECRET_KEY makes all earlier ones strange."""
    return hashlib.sha256(b"loyalty: digests of records" + force_bytes(settings.SECRET_KEY)).digest()


def _claim(sender: Sender, webhook_id: str, told: dict[str, str]) -> HookCall:
    """The call of this id: new, with no answer yet, or that of before.

    Whoever sends the same id at the same moment waits here until the first has
    answered. Raises RequestRefused (409) when the body is not the same.
    """
    with connection.cursor() as cursor:
        cursor.execute(_CLAIM, [sender.source_id, webhook_id, json.dumps(told)])
        is_new = cursor.fetchone() is not None
    call = HookCall.objects.get(source_id=sender.source_id, webhook_id=webhook_id)
    if not is_new and (places := differences(call.parts, told)):
        raise RequestRefused(409, rules.other_body(f"webhook-id {webhook_id}", places))
    return call


def _apply(sender: Sender, records: list[Record], key: bytes, now: datetime) -> Outcomes:
    outcomes: Outcomes = {}
    parameters = parameters_of(sender.source_id, now.date())
    # Types in one order for everybody, and accounts before what is theirs.
    order = list(RecordType)
    for record_type, group in groupby(
        sorted(records, key=lambda r: (order.index(r.type), r.position)), key=lambda r: r.type
    ):
        told = list(group)
        kind = KIND_OF[record_type]
        if kind not in sender.records:
            refusal = rules.not_the_record(KIND_LABELS[kind], record_of(kind))
            outcomes |= {record.position: refusal for record in told}
            continue
        lock_type(record_type)
        told = _by_present_ids(told)
        if record_type is RecordType.CONSENT:
            outcomes |= apply_consents(told, now)
        else:
            outcomes |= apply_records(told, key, parameters)
    return outcomes


def _by_present_ids(records: list[Record]) -> list[Record]:
    """The records with the ids that their contacts have now; what is refused keeps the ids that were sent."""
    named = {record.position: name for record in records if (name := contact_of(record)) is not None}
    present = present_ids(named.values())
    if not present:
        return records
    return [of_contact(r, present[name]) if (name := named.get(r.position)) in present else r for r in records]


def _receipt(reading: Reading, outcomes: Outcomes, channel: str) -> Receipt:
    refusals = {position: told for position, told in sorted(outcomes.items()) if isinstance(told, Refusal)}
    named = {record.position: record for record in reading.records}
    forgotten = naming_erased({position: _persons_in(reading.items[position]) for position in refusals})
    refused = [
        RefusedCall(position, "", channel, WAS_ERASED, "")
        if position in forgotten
        else _refused(reading.items[position], position, named.get(position), refusal, channel)
        for position, refusal in refusals.items()
    ]
    accepted = sum(outcome is True for outcome in outcomes.values())
    return Receipt(accepted, len(outcomes) - accepted - len(refused), refused)


def _refused(item: Any, position: int, record: Record | None, refusal: Refusal, channel: str) -> RefusedCall:
    """What is kept of a refused record: under the name of its type, when it could be read."""
    raw = shown(item)[: rules.KEPT_RAW_CHARACTERS]
    if record is None:
        return RefusedCall(position, "", channel, refusal, raw)
    return RefusedCall(position, record.external_id, record.type.value, refusal, raw)


def _persons_in(item: Any) -> set[str]:
    """The ids in a record, or in an object of HubSpot or Zendesk, that may be those of a contact."""
    data = item.get("data", item) if isinstance(item, dict) else item
    return ids_in(data, ("external_id", "contact", "objectId", "id"))


def _answer(receipt: Receipt) -> Answer:
    return {
        "success": True,
        "accepted": receipt.accepted,
        "duplicates": receipt.duplicates,
        "refused": [
            {"index": r.position, "externalId": r.message_id, "code": r.refusal.code, "reason": r.refusal.reason}
            for r in receipt.refused
        ],
    }
