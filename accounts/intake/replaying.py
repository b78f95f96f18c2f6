"""Sending a refused call through the intake again, once the cause is mended.

Invariants: what goes in goes in by the same way as when it came, on the day
when it came or happened; the item stays, with what was tried and what came of
it, and counts as refused no longer.
"""

import json
from datetime import datetime
from typing import Any

from django.db import transaction
from django.db.models import F
from django.utils import timezone

from accounts.intake.files.rules import IMPORTED_BY
from accounts.intake.hooks.schemes import READERS, SCHEMES
from accounts.intake.hooks.verbs import put_in
from accounts.intake.models import RefusedItem
from accounts.intake.reading import Envelope
from accounts.intake.receipts import Receipt, RefusedCall, plain
from accounts.intake.rules import CALLS_BY_NAME, OTHER_BODY, RequestRefused
from accounts.intake.storable import shown
from accounts.intake.stripe import verbs as stripe
from accounts.intake.stripe.reading import kept
from accounts.intake.verbs import take_in
from accounts.sources.models import Source
from accounts.sources.queries import Sender
from accounts.sources.rules import Kind, Scheme
from loyalty.core.audit.rules import AuditVerb
from loyalty.core.audit.verbs import record
from loyalty.core.errors import DomainError, NotAllowed
from loyalty.core.people.models import User
from loyalty.core.people.rules import FUNCTION_LABELS, Function

# What comes by each channel, as a kind: whoever may take in files of it may send its calls again.
CHANNELS: dict[str, Kind] = {
    **dict.fromkeys([*CALLS_BY_NAME, "batch", "import"], Kind.USAGE),
    **dict.fromkeys(SCHEMES, Kind.ACCOUNT),
    stripe.CHANNEL: Kind.SUBSCRIPTION,
}
AT_ONCE = 200


def owner_of(item: RefusedItem) -> Function | None:
    """The function whose figures the item moves: use is Product's, signed records are CS's, billing is Finance's.

    None for what cannot be sent again from here.
    """
    kind = CHANNELS.get(item.batch.channel)
    return IMPORTED_BY[kind] if kind else None


def may_replay(user: User, item: RefusedItem) -> bool:
    """Administrators, who mend sources, and the function whose figures the item moves."""
    return user.is_active and (user.is_administrator or owner_of(item) in user.functions)


def why_not(item: RefusedItem) -> str:
    """Why the item cannot be sent again from here; "" when it can."""
    if item.went_in_at is not None:
        return "It has gone in already."
    if item.batch.channel == "csv":
        return "Rows of files are mended in the file of refused rows and imported again."
    if item.source_id is None or item.batch.channel not in CHANNELS:
        return "Its sender sends it again."
    if item.batch.channel in SCHEMES and item.code == OTHER_BODY:
        return "Its id was that of another body; its sender sends it again under one of its own."
    return "" if _call_in(item) else "Its text was not kept whole; its sender sends it again."


@transaction.atomic
def replay(item_id: int, *, acting_user: User) -> RefusedItem:
    """Send one refused call through the intake again; the item returned says what came of it.

    Raises NotAllowed, DomainError when it cannot be sent again, RefusedItem.DoesNotExist.
    """
    items = RefusedItem.objects.select_related("batch", "source")
    item = items.select_for_update(of=("self",), no_key=True).get(pk=item_id)
    _check(acting_user, item)
    if reason := why_not(item):
        raise DomainError(reason)
    try_again(item, acting_user)
    _tell(
        f"{item.call} of {item.source}", item.source, went_in=int(item.went_in_at is not None), acting_user=acting_user
    )
    return item


def replay_alike(item_id: int, *, acting_user: User) -> tuple[int, int]:
    """Send those of the same source and reason again: of 200 at most, the longest not tried first, all that can be.

    Returns how many were sent, and how many of them went in. Raises as `replay`.
    """
    looked_at, tried, went_in = _replay_alike(item_id, acting_user)
    if not tried:
        more = f" None of the first {AT_ONCE}; another turn looks at those after them." if looked_at == AT_ONCE else ""
        raise DomainError("None of these can be sent again from here." + more)
    return tried, went_in


@transaction.atomic
def _replay_alike(item_id: int, acting_user: User) -> tuple[int, int, int]:
    """How many were looked at, which the next turn begins behind, how many sent, and how many of them went in."""
    like = RefusedItem.objects.select_related("batch", "source").get(pk=item_id)
    _check(acting_user, like)
    if like.source_id is None:
        raise DomainError("Nobody signed for these; their sender sends them again.")
    items = (
        RefusedItem.objects.select_for_update(of=("self",), no_key=True, skip_locked=True)
        .select_related("batch", "source")
        .filter(source_id=like.source_id, code=like.code, went_in_at=None, batch__channel__in=alike(like))
        .order_by(F("retried_at").asc(nulls_first=True), "id")
    )
    looked_at = list(items[:AT_ONCE])
    tried = [item for item in looked_at if not why_not(item)]
    sent = {item.pk for item in tried}
    passed_over = [item.pk for item in looked_at if item.pk not in sent]
    RefusedItem.objects.filter(pk__in=passed_over).update(retried_at=timezone.now())
    for item in sorted(tried, key=lambda item: item.pk):
        try_again(item, acting_user)
    went_in = sum(item.went_in_at is not None for item in tried)
    if tried:
        label = f"{len(tried)} calls of {like.source} refused as {like.code}"
        _tell(label, like.source, went_in=went_in, acting_user=acting_user)
    return len(looked_at), len(tried), went_in


def alike(item: RefusedItem) -> list[str]:
    """The channels that the same people may send again from."""
    return [channel for channel, kind in CHANNELS.items() if kind == CHANNELS.get(item.batch.channel)]


def _check(user: User, item: RefusedItem) -> None:
    if not may_replay(user, item):
        owner = owner_of(item)
        others = f" or {FUNCTION_LABELS[owner]}" if owner else ""
        raise NotAllowed(f"An administrator{others} sends refused calls again.")


def _call_in(item: RefusedItem) -> dict[str, Any] | None:
    try:
        content = json.loads(item.raw)
    except (ValueError, RecursionError):
        return None
    return content if isinstance(content, dict) else None


def try_again(item: RefusedItem, acting_user: User | None) -> None:
    """Send an item, which is locked and can be sent again, through the intake, and note on it what came of it."""
    content, source = _call_in(item), item.source
    if content is None or source is None:
        raise DomainError(why_not(item))
    with transaction.atomic():
        receipt = _take_in(item, source, content)
        if receipt.refused:
            # The new refusal must not stand beside the old one: it is told on the old one.
            transaction.set_rollback(True)
    item.retried_at, item.retried_by = timezone.now(), acting_user
    item.retried_reason = receipt.refused[0].refusal.reason if receipt.refused else ""
    item.went_in_at = None if receipt.refused else item.retried_at
    if receipt.refused and (refusal := receipt.refused[0].refusal).waits_for:
        item.waits_for, item.waits_as = plain(refusal.waits_for, 255), refusal.waits_as.value
    changed = ["retried_at", "retried_by", "retried_reason", "went_in_at", "waits_for", "waits_as"]
    if item.went_in_at and item.batch.channel == stripe.CHANNEL:
        # Whole only for as long as it has to be sent again: of what went in nobody keeps who people are.
        item.raw = shown(kept(content))
        changed.append("raw")
    item.save(update_fields=changed)


def _take_in(item: RefusedItem, source: Source, content: dict[str, Any]) -> Receipt:
    """What its batch told for it still holds; a call without any time counts on the day when it came."""
    records = source.kinds.filter(is_active=True).values_list("kind", flat=True)
    sender = Sender(source.pk, source.name, frozenset(Kind(kind) for kind in records), is_heard=False)
    channel, now = item.batch.channel, timezone.now()
    if channel == stripe.CHANNEL:
        return stripe.take_in(sender, content, now=now)
    if channel in SCHEMES:
        return _put_record_in(sender, content, channel, now)
    envelope = Envelope(item.received_at, item.batch_sent_at or None, {"groupId": item.batch_group or None})
    endpoint = CALLS_BY_NAME.get(channel)
    return take_in(sender, channel, [content], envelope, endpoint=endpoint, size=len(item.raw.encode()))


def _put_record_in(sender: Sender, content: dict[str, Any], channel: str, now: datetime) -> Receipt:
    """A record by itself, whose signature was checked when it came; its own time decides what it may still change."""
    if SCHEMES[channel] is Scheme.STANDARD:
        content = content | {"data": [content.get("data")]}
    try:
        return put_in(sender, READERS[SCHEMES[channel]](content, now), channel=channel, now=now)
    except RequestRefused as refused:
        return Receipt(0, 0, [RefusedCall(0, "", channel, refused.refusal, "")])


def _tell(label: str, source: Source | None, *, went_in: int, acting_user: User) -> None:
    record(
        AuditVerb.REPLAYED,
        acting_user=acting_user,
        object_type="source",
        object_id=source.pk if source else "",
        object_label=label,
        after={"went in": went_in},
    )
