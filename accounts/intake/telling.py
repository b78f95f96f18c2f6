"""What the traits of calls make of accounts and contacts.

Invariants: in whatever order calls arrive, what stands is what they make when
laid over each other in the order of their times (message ids where these are
equal), each setting only the fields of which it tells itself. So a call never
puts back what a record or a file has changed since, and no call undoes what a
record told later than it.
"""

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from itertools import groupby
from operator import itemgetter
from typing import Any

from django.db import connection

from accounts.intake.hooks.models import RecordTold
from accounts.intake.hooks.rules import RecordType
from accounts.intake.reading import ProfileItem
from accounts.intake.rules import Call
from accounts.intake.traits import NAME_TRAITS, account_fields, contact_fields
from accounts.records.models import Account, Contact

Traits = Mapping[str, Any]
Kept = tuple[int, int, str, Traits]
"""Id of whom a kept call tells, its source, its message id, its traits."""

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


# Who may not tell of accounts may still place contacts at them: of such calls the traits do not count.
OF_THE_RECORD = "JOIN accounts_sourcekind k ON k.source_id = p.source_id AND k.kind = 'account'"
_SINCE = """
SELECT r.id, p.source_id, p.message_id, p.payload -> 'traits'
FROM unnest(%(ids)s::bigint[], %(since)s::timestamptz[], %(until)s::timestamptz[]) AS r(id, since, until)
JOIN accounts_profilecall p ON p.{column} = r.id AND p.call = '{call}' AND p.occurred_at BETWEEN r.since AND r.until
{who_may}
ORDER BY r.id, p.occurred_at, p.message_id COLLATE "C"
"""
_CALLS = {
    Account: _SINCE.format(column="account_id", call=Call.GROUP.value, who_may=OF_THE_RECORD),
    Contact: _SINCE.format(column="contact_id", call=Call.IDENTIFY.value, who_may=""),
}
# One part of a name tells a name only with what is known of the others: of each the newest before the late calls.
_NAMES_BEFORE = f"""
SELECT r.id, r.trait, newest.value
FROM unnest(%(ids)s::bigint[], %(since)s::timestamptz[], %(traits)s::text[]) AS r(id, since, trait)
CROSS JOIN LATERAL (
    SELECT p.payload -> 'traits' -> r.trait AS value FROM accounts_profilecall p
    WHERE p.contact_id = r.id AND p.call = '{Call.IDENTIFY.value}' AND p.occurred_at < r.since
          AND p.payload -> 'traits' ? r.trait
    ORDER BY p.occurred_at DESC, p.message_id COLLATE "C" DESC LIMIT 1
) AS newest
"""


@dataclass
class Told:
    """The calls of one source, kept just now, that tell of one account or contact: the oldest first.

    `said` is message id → the traits of the call, without those of which a record has told anything newer.
    """

    target: Account | Contact
    items: list[ProfileItem]
    said: dict[str, Traits] = field(init=False, default_factory=dict)

    @property
    def late(self) -> list[ProfileItem]:
        """Those that are not newer than every call that was told before."""
        known_at = self.target.traits_at
        return [item for item in self.items if known_at is not None and item.occurred_at <= known_at]


def tell(told: Sequence[Told], source_id: int) -> None:
    """Lay the traits of calls over those known, each at the place that its time gives it, and set the fields.

    Reads the kept calls since the first late one, at once for all; memory does not grow with their number.
    """
    recorded = _recorded_of([each.target for each in told])
    for each in told:
        each.said = {item.message_id: _not_told_since(each.target, item, recorded) for item in each.items}
    late = [each for each in told if each.late]
    for kind in (Account, Contact):
        _tell_late({each.target.pk: each for each in late if isinstance(each.target, kind)}, _CALLS[kind], source_id)
    for each in told:
        _tell_newer(each)


def _tell_newer(told: Told) -> None:
    target = told.target
    for item in told.items[len(told.late) :]:
        traits = told.said[item.message_id]
        target.traits, target.traits_at = target.traits | traits, item.occurred_at
        _set(target, _fields(target, traits, target.traits))


def _set(target: Account | Contact, fields: Traits) -> None:
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


def _type_of(target: Account | Contact) -> str:
    return RecordType.ACCOUNT.value if isinstance(target, Account) else RecordType.CONTACT.value


def _recorded_of(targets: Iterable[Account | Contact]) -> dict[tuple[str, int], dict[str, datetime]]:
    """Type and id → field → when a record told it last; those of which none told are left out."""
    ids: dict[str, list[int]] = {}
    for target in targets:
        ids.setdefault(_type_of(target), []).append(target.pk)
    return {
        (record_type, pk): {name: datetime.fromisoformat(at) for name, (at, _) in told.items()}
        for record_type, of_type in ids.items()
        for pk, told in RecordTold.objects.filter(type=record_type, record_id__in=of_type).values_list(
            "record_id", "told"
        )
    }


def _not_told_since(
    target: Account | Contact, item: ProfileItem, recorded: Mapping[tuple[str, int], Mapping[str, datetime]]
) -> dict[str, Any]:
    """The traits of a call without those of which a record has told anything newer."""
    told = recorded.get((_type_of(target), target.pk), {})
    newer = {name for name, at in told.items() if at > item.occurred_at}
    same = _SAME[_type_of(target)]
    return {trait: value for trait, value in item.traits.items() if newer.isdisjoint(same.get(trait, ()))}


def _tell_late(told: Mapping[int, Told], statement: str, source_id: int) -> None:
    """Tell the late calls of accounts, or of contacts, by their ids."""
    if not told:
        return
    names = _names_before([each for each in told.values() if isinstance(each.target, Contact)])
    for pk, calls in groupby(_kept_since(told.values(), statement), key=itemgetter(0)):
        target = told[pk].target
        traits, fields = _told_late(told[pk], calls, names.get(pk, {}), source_id)
        target.traits = target.traits | traits
        _set(target, fields)


def _kept_since(told: Iterable[Told], statement: str) -> Iterator[Kept]:
    """The kept calls since the first late one, up to the newest told before; those of one target oldest first."""
    rows = [(each.target.pk, each.late[0].occurred_at, each.target.traits_at) for each in told]
    ids, since, until = (list(column) for column in zip(*rows, strict=True))
    with connection.chunked_cursor() as cursor:
        cursor.execute(statement, {"ids": ids, "since": since, "until": until})
        for target, source_id, message_id, traits in cursor:
            yield target, source_id, message_id, json.loads(traits)


def _names_before(told: Iterable[Told]) -> dict[int, dict[str, Any]]:
    """Id of a contact → what the calls before the first late one told of the name, by trait, the newest of each."""
    rows = [(e.target.pk, e.late[0].occurred_at, t) for e in told for t in NAME_TRAITS if t in e.target.traits]
    if not rows:
        return {}
    ids, since, traits = (list(column) for column in zip(*rows, strict=True))
    found: dict[int, dict[str, Any]] = {}
    with connection.cursor() as cursor:
        cursor.execute(_NAMES_BEFORE, {"ids": ids, "since": since, "traits": traits})
        for pk, trait, value in cursor.fetchall():
            found.setdefault(pk, {})[trait] = json.loads(value)
    return found


def _told_late(
    told: Told, calls: Iterable[Kept], names: Traits, source_id: int
) -> tuple[dict[str, Any], dict[str, Any]]:
    """The traits and fields that stand otherwise than they would without these calls.

    What they do not change is left alone: a record or a file may have told it since.
    """
    known, without = dict(names), dict(names)
    fields: dict[str, Any] = {}
    ours: dict[str, bool] = {}  # trait → whether one of these calls is the last that tells it
    changed: dict[str, bool] = {}
    for _, source, message_id, traits in calls:
        is_ours = source == source_id and message_id in told.said
        traits = told.said[message_id] if is_ours else traits
        known |= traits
        ours |= dict.fromkeys(traits, is_ours)
        now = _fields(told.target, traits, known)
        fields |= now
        if is_ours:
            changed |= dict.fromkeys(now, True)
        else:
            without |= traits
            other = _fields(told.target, traits, without)
            changed |= {name: now.get(name) != other.get(name) for name in now | other}
    return (
        {trait: known[trait] for trait, is_ours in ours.items() if is_ours},
        {name: value for name, value in fields.items() if changed[name]},
    )
