"""Taking in what sources send: each call once, in one transaction for each request.

Invariants: what was answered as accepted is committed, together with its daily
usage and dirty marks; a bad call costs itself only and is kept with its reason;
a message id means one call of its source for good, another body is refused.
"""

from collections.abc import Callable, Container, Iterable
from dataclasses import dataclass, field, replace
from typing import Any

from django.db import transaction

from accounts.intake import rules
from accounts.intake.forgetting import ids_in, naming_erased
from accounts.intake.profiles import Applied, apply_profiles
from accounts.intake.reading import Envelope, ProfileItem, call_of, read_event, read_profile
from accounts.intake.receipts import Receipt, RefusedCall, keep, refused_call, until_no_deadlock
from accounts.intake.repeated import count_repeated
from accounts.intake.rows import EventRow
from accounts.intake.rules import EVENT_CALLS, Awaited, Call, Refusal, Refused
from accounts.intake.storable import as_text, check_size, check_storable, may_hold_large, text_if_harmless
from accounts.intake.storing import Stored, store_all, store_events
from accounts.sources.queries import Sender, record_of
from accounts.sources.rules import KIND_LABELS, Kind
from loyalty.core.doorbell.verbs import ring_on_commit

_REASONS = {
    r.code: r
    for r in (
        rules.UNKNOWN_ACCOUNT,
        rules.UNKNOWN_CONTACT,
        rules.CONTACT_WITHOUT_ACCOUNT,
        rules.ERASED_CONTACT,
        rules.FORGOTTEN,
    )
}


@dataclass
class _Sorted:
    """The calls of a request, told apart."""

    events: list[EventRow] = field(default_factory=list)
    profiles: list[ProfileItem] = field(default_factory=list)
    refused: dict[int, Refusal] = field(default_factory=dict)


@dataclass(frozen=True)
class Unconfirmed:
    """The key of a remembered sender: nearly always the statement that stores the events finds it good.

    `confirm` looks the sender up and raises RequestRefused (401) when the key is nobody's.
    """

    digest: str
    confirm: Callable[[], Sender]


def take_in(
    sender: Sender,
    channel: str,
    items: list[Any],
    envelope: Envelope,
    *,
    endpoint: Call | None,
    size: int,
    unconfirmed: Unconfirmed | None = None,
) -> Receipt:
    """Store the calls of one request and return once they are committed.

    `endpoint` is the call that the address names, None for a batch; `size` the
    bytes of the body, decompressed; `unconfirmed` is given where the sender is
    remembered and not looked up. Profile calls come before events, so that a
    batch may bring a new account and its first events together.
    """
    told = _sort(items, envelope, endpoint, must_measure=size > rules.MAX_EVENT_BYTES and may_hold_large(items))
    _keep_to_records(sender, told)
    text = text_if_harmless(told.events)
    if text is None:
        told.events = [row for row in told.events if _passes(row.position, told.refused, check_storable, row)]
        text = as_text(told.events)
    digest = unconfirmed.digest if unconfirmed else None
    receipt = _write_plain(sender, channel, items, envelope, told, text, digest=digest)
    if receipt is None:
        if unconfirmed:
            sender = unconfirmed.confirm()
            _keep_to_records(sender, told)
        receipt = until_no_deadlock(lambda: _write(sender, channel, items, envelope, told, text))
    ring_on_commit()
    return receipt


def _keep_to_records(sender: Sender, told: _Sorted) -> None:
    """Events come from the system of record for usage alone."""
    if told.events and Kind.USAGE not in sender.records:
        refusal = _not_the_record(Kind.USAGE)
        told.refused |= {row.position: refusal for row in told.events}
        told.events = []


def _write_plain(
    sender: Sender,
    channel: str,
    items: list[Any],
    envelope: Envelope,
    told: _Sorted,
    text: str,
    *,
    digest: str | None,
) -> Receipt | None:
    """The way of nearly every batch: nothing but events, and each has its place. None: take the long way.

    One with duplicates is counted in a second transaction, with a look at
    whether they say the same. Whoever dies between the two has not answered.
    """
    if told.profiles or told.refused or not told.events:
        return None
    events = len(told.events)
    stored = until_no_deadlock(lambda: store_all(sender, channel, events, text, now=envelope.now, digest=digest))
    if stored is None:
        return None
    if not stored.duplicates:
        return Receipt(stored.accepted, 0, [])
    counts = {"accepted": stored.accepted, "duplicates": stored.duplicates}
    stored.tell_apart(count_repeated(sender, channel, told.events, text, **counts))
    receipt = Receipt(stored.accepted, stored.duplicates, _refused_calls(items, envelope, stored.others, channel))
    if receipt.refused:
        with transaction.atomic():
            keep(sender, channel, receipt)
    return receipt


@transaction.atomic
def _write(sender: Sender, channel: str, items: list[Any], envelope: Envelope, told: _Sorted, text: str) -> Receipt:
    refused, applied, stored = dict(told.refused), Applied(), Stored()
    if told.profiles:
        applied = apply_profiles(sender, told.profiles, _not_the_record, today=envelope.now.date())
        refused |= applied.problems
    if told.events:
        stored = store_events(sender.source_id, told.events, text)
        refused |= _refusals(told.events, stored.problems) | stored.others
    forgotten = _of_erased(items, refused)
    receipt = Receipt(
        accepted=applied.accepted + stored.accepted,
        duplicates=applied.duplicates + stored.duplicates,
        refused=_refused_calls(items, envelope, refused, channel, forgotten),
    )
    keep(sender, channel, receipt)
    return receipt


def _refusals(events: list[EventRow], problems: dict[int, str]) -> dict[int, Refusal]:
    """Why events have no place, and the account or the contact that each waits for."""
    named = {row.position: row for row in events if row.position in problems}
    return {position: _waiting(_REASONS[code], named[position]) for position, code in problems.items()}


def _waiting(reason: Refusal, event: EventRow) -> Refusal:
    if reason is rules.UNKNOWN_ACCOUNT:
        return replace(reason, waits_for=event.group_id or "")
    if reason in (rules.UNKNOWN_CONTACT, rules.CONTACT_WITHOUT_ACCOUNT):
        return replace(reason, waits_for=event.user_id or "", waits_as=Awaited.PLACED)
    return reason


def _refused_calls(
    items: list[Any], envelope: Envelope, refused: dict[int, Refusal], channel: str, forgotten: Container[int] = ()
) -> list[RefusedCall]:
    return [
        RefusedCall(position, "", channel, rules.ERASED_CONTACT, "")
        if position in forgotten
        else refused_call(position, items[position], refused[position], channel, envelope)
        for position in sorted(refused)
    ]


def _of_erased(items: list[Any], refused: Iterable[int]) -> set[int]:
    """The refused calls that name somebody who was erased: of these not even the text is kept."""
    return naming_erased({position: ids_in(items[position], ("userId", "previousId")) for position in refused})


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
