"""The list of key actions as one object that Product owns and changes by request.

Daily counts are kept as events come in, so a changed list counts from the next
event on; days that are past keep the counts of their day.
"""

import zlib
from collections.abc import Iterable
from datetime import timedelta
from typing import Any

from django.db.models import Count, Sum
from django.urls import reverse
from django.utils import timezone

from accounts.usage.models import EventDay, KeyAction
from loyalty.core.audit.rules import AuditVerb
from loyalty.core.audit.verbs import record
from loyalty.core.changes.registry import Changeable, Live, Values, anew_at
from loyalty.core.errors import DomainError
from loyalty.core.people.models import User
from loyalty.core.people.rules import Function

KIND = "key_actions"
THE_LIST = 1
LABEL = "Key actions"
MEASURED_DAYS = 30


def read(object_id: int, lock: bool) -> Live:
    """The list as it stands; its version is a fingerprint of the names, as the list has no row of its own."""
    rows = KeyAction.objects.select_for_update() if lock else KeyAction.objects.all()
    names = sorted(action.event_name for action in rows)
    return Live(
        label=LABEL,
        url=reverse("key-actions"),
        version=zlib.crc32("\n".join(names).encode()) & 0x7FFFFFFF,
        values={"event_names": names},
        is_live=bool(names),
    )


def clean(object_id: int, values: Values) -> dict[str, Any]:
    """The names without blanks and doubles, sorted; DomainError when one is too long."""
    names = sorted({name for given in values["event_names"] if (name := str(given).strip())})
    if any(len(name) > 200 for name in names):
        raise DomainError("An event name has at most 200 letters.")
    return {"event_names": names}


def impact(object_id: int, values: Values) -> list[str]:
    """How often the added and the removed events happened in the last MEASURED_DAYS days."""
    now, wanted = set(read(object_id, False).values["event_names"]), set(values["event_names"])
    since = timezone.now().date() - timedelta(days=MEASURED_DAYS)
    seen = {
        row["name"]: (row["times"], row["at"])
        for row in EventDay.objects.filter(name__in=now ^ wanted, day__gt=since)
        .values("name")
        .annotate(times=Sum("quantity"), at=Count("account_id", distinct=True))
    }
    return [*_told("Adds", wanted - now, seen), *_told("Removes", now - wanted, seen)]


def _told(word: str, names: Iterable[str], seen: dict[str, tuple[int, int]]) -> list[str]:
    sentences = []
    for name in sorted(names):
        times, accounts = seen.get(name, (0, 0))
        sentences.append(f"{word} “{name}”: {times:,} times at {accounts:,} accounts in the last {MEASURED_DAYS} days.")
    return sentences


def write(object_id: int, values: Values, acting_user: User, reason: str) -> None:
    """Make these the key actions from now on. Who may do so was decided by the caller."""
    before = read(object_id, True).values["event_names"]
    wanted = list(values["event_names"])
    KeyAction.objects.exclude(event_name__in=wanted).delete()
    KeyAction.objects.bulk_create([KeyAction(event_name=name) for name in wanted], ignore_conflicts=True)
    record(
        AuditVerb.EDITED,
        acting_user=acting_user,
        object_type="key_actions",
        object_id=object_id,
        object_label=LABEL,
        before={"event_names": before},
        after={"event_names": wanted},
        reason=reason,
    )


KEY_ACTIONS = Changeable(
    kind=KIND,
    label="list of key actions",
    owner_of=lambda object_id, fields: Function.PRODUCT,
    read=read,
    clean=clean,
    impact=impact,
    apply=write,
    field_labels={"event_names": "Events"},
    in_words=lambda field, value: ", ".join(value) or "none",
    edit_url=lambda object_id, change_id: anew_at(reverse("key-actions"), change_id),
)
