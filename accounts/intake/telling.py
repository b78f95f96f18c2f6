"""What the traits of calls make of accounts and contacts.

Invariants: in whatever order calls arrive, what stands is what they make when
laid over each other in the order of their times (message ids where these are
equal), each setting only the fields of which it tells itself. So a call never
puts back what a record or a file has changed since, and no call undoes what a
record told later than it.
"""

from collections.abc import Collection, Iterable, Mapping
from datetime import datetime
from typing import Any

from accounts.intake.hooks.models import RecordTold
from accounts.intake.hooks.rules import RecordType
from accounts.intake.models import ProfileCall
from accounts.intake.reading import ProfileItem
from accounts.intake.traits import account_fields, contact_fields
from accounts.records.models import Account, Contact
from accounts.sources.models import SourceKind
from accounts.sources.rules import Kind

Traits = Mapping[str, Any]
Recorded = dict[tuple[str, int], dict[str, datetime]]
"""Type and id of what records told of → field → when one told it last."""

# Trait → the fields of records that say the same.
_SAME: dict[str, dict[str, tuple[str, ...]]] = {
    RecordType.CONTACT.value: {
        "name": ("name", "first_name", "last_name"),
        "firstName": ("name", "first_name"),
        "lastName": ("name", "last_name"),
        "email": ("email",),
    },
    RecordType.ACCOUNT.value: {
        "name": ("name",),
        "industry": ("industry",),
        "employees": ("employee_count",),
        "plan": ("plan_segment",),
        "createdAt": ("signed_up_on",),
        "timezone": ("time_zone",),
        "goals": ("goals",),
        "referredBy": ("referred_by",),
        "address": ("country",),
    },
}


def recorded_of(accounts: Iterable[Account], contacts: Iterable[Contact]) -> Recorded:
    """When records told the fields of these last; those of which none told are left out."""
    named = {RecordType.ACCOUNT.value: [a.pk for a in accounts], RecordType.CONTACT.value: [c.pk for c in contacts]}
    return {
        (record_type, pk): {name: datetime.fromisoformat(at) for name, (at, _) in told.items()}
        for record_type, ids in named.items()
        if ids
        for pk, told in RecordTold.objects.filter(type=record_type, record_id__in=ids).values_list("record_id", "told")
    }


def tell(
    target: Account | Contact, item: ProfileItem, source_id: int, waiting: Collection[str], recorded: Recorded
) -> None:
    """Lay the traits of a kept call over those known, at the place that its time gives it, and set its fields.

    `waiting`: the message ids of the calls of this source that are kept and not told yet.
    """
    said = _not_told_since(target, item, recorded)
    if target.traits_at is None or item.occurred_at > target.traits_at:
        target.traits, target.traits_at = target.traits | said, item.occurred_at
        fields = _fields(target, said, target.traits)
    else:
        traits, fields = _told_late(target, item, said, source_id, waiting)
        target.traits = target.traits | traits
    for name, value in fields.items():
        setattr(target, name, value)


def _fields(target: Account | Contact, traits: Traits, known: Traits) -> dict[str, Any]:
    return account_fields(traits) if isinstance(target, Account) else contact_fields(traits, known)


def fields_said(record_type: RecordType, traits: Traits) -> set[str]:
    """The fields of records of which the traits of a call tell the same."""
    read = account_fields if record_type is RecordType.ACCOUNT else _fields_of_contact
    said = (fields for trait, fields in _SAME[record_type.value].items() if read({trait: traits.get(trait)}))
    return {name for fields in said for name in fields}


def _fields_of_contact(traits: Traits) -> dict[str, Any]:
    return contact_fields(traits, traits)


def _not_told_since(target: Account | Contact, item: ProfileItem, recorded: Recorded) -> dict[str, Any]:
    """The traits of a call without those of which a record has told anything newer."""
    record_type = RecordType.ACCOUNT.value if isinstance(target, Account) else RecordType.CONTACT.value
    told = recorded.get((record_type, target.pk), {})
    newer = {name for name, at in told.items() if at > item.occurred_at}
    same = _SAME[record_type]
    return {trait: value for trait, value in item.traits.items() if newer.isdisjoint(same.get(trait, ()))}


def _told_late(
    target: Account | Contact, item: ProfileItem, said: dict[str, Any], source_id: int, waiting: Collection[str]
) -> tuple[dict[str, Any], dict[str, Any]]:
    """The traits and fields that stand otherwise than they would without this call.

    What it does not change is left alone: a record or a file may have told it since.
    """
    known: dict[str, Any] = {}
    without: dict[str, Any] = {}
    fields: dict[str, Any] = {}
    ours: dict[str, bool] = {}  # trait → whether this call is the last that tells it
    changed: dict[str, bool] = {}
    for source, message_id, traits in _calls(target, item):
        is_this = source == source_id and message_id == item.message_id
        if source == source_id and message_id in waiting:
            continue
        traits = said if is_this else traits
        known |= traits
        ours |= dict.fromkeys(traits, is_this)
        told = _fields(target, traits, known)
        fields |= told
        if is_this:
            changed |= dict.fromkeys(told, True)
        else:
            without |= traits
            other = _fields(target, traits, without)
            changed |= {name: told.get(name) != other.get(name) for name in told | other}
    return (
        {trait: known[trait] for trait, is_ours in ours.items() if is_ours},
        {name: value for name, value in fields.items() if changed[name]},
    )


def _calls(target: Account | Contact, item: ProfileItem) -> Iterable[tuple[int, str, dict[str, Any]]]:
    """Source, message id and traits of the kept calls of this kind, the oldest first.

    Who may not tell of accounts may still place contacts at them: of such calls the traits do not count.
    """
    calls = ProfileCall.objects.filter(call=item.call.value).order_by("occurred_at", "message_id")
    if isinstance(target, Account):
        who_may = SourceKind.objects.filter(kind=Kind.ACCOUNT.value).values("source_id")
        calls = calls.filter(account=target, source_id__in=who_may)
    else:
        calls = calls.filter(contact=target)
    for source_id, message_id, payload in calls.values_list("source_id", "message_id", "payload").iterator():
        yield source_id, message_id, payload["traits"]
