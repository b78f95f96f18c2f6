"""How records stand now: the values of their rows, and when each field was told last."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from django.db import connection
from django.db.models import Model

from accounts.intake.files import accounts, feedback
from accounts.intake.files.shape import Shape
from accounts.intake.hooks import contacts, tickets
from accounts.intake.hooks.models import RecordTold
from accounts.intake.hooks.rules import RecordType, Told
from accounts.records.models import Account, Contact, FeedbackScore, Ticket

_ACCOUNT, _CONTACT = {"account": "account__external_id"}, {"contact": "contact__external_id"}


@dataclass(frozen=True)
class Way:
    """Where the records of a type go: the shape that files of it have too, its table, and field → lookup."""

    shape: Shape
    model: type[Model]
    lookups: dict[str, str]


WAYS: dict[RecordType, Way] = {
    RecordType.ACCOUNT: Way(accounts.SHAPE, Account, {f.name: f.column for f in accounts.FIELDS if f.column}),
    RecordType.CONTACT: Way(
        contacts.SHAPE, Contact, _ACCOUNT | {f.name: f.column for f in contacts.FIELDS if f.column}
    ),
    RecordType.TICKET: Way(tickets.SHAPE, Ticket, _ACCOUNT | {f.name: f.column for f in tickets.FIELDS if f.column}),
    RecordType.FEEDBACK: Way(
        feedback.SHAPE, FeedbackScore, _ACCOUNT | _CONTACT | {f.name: f.column for f in feedback.FIELDS if f.column}
    ),
}

_TELL = """
INSERT INTO accounts_recordtold AS kept (type, record_id, told)
SELECT %(type)s, r.id, t.told
FROM unnest(%(ids)s::text[], %(told)s::jsonb[]) AS t(external_id, told)
JOIN {table} r USING (external_id)
ON CONFLICT (type, record_id) DO UPDATE SET told = kept.told || excluded.told
"""


@dataclass
class Standing:
    """One record as it stands. `told` is empty when nothing but files and calls has told it."""

    values: dict[str, Any] = field(default_factory=dict)
    told: Told = field(default_factory=dict)


def standing(record_type: RecordType, external_ids: Iterable[str]) -> dict[str, Standing]:
    """External id → how it stands, for those that are known. Call under the lock of the type.

    The rows are locked, by their ids as calls lock them: what these tell meanwhile is laid over what is read here.
    """
    way = WAYS[record_type]
    names = list(way.lookups)
    known = way.model._default_manager.filter(external_id__in=set(external_ids)).order_by("pk")
    locked = list(known.select_for_update(no_key=True).values_list("pk", flat=True))
    rows = way.model._default_manager.filter(pk__in=locked).values_list("pk", "external_id", *way.lookups.values())
    by_pk = {pk: (external_id, dict(zip(names, values, strict=True))) for pk, external_id, *values in rows}
    told = RecordTold.objects.filter(type=record_type.value, record_id__in=list(by_pk))
    told_by_pk = dict(told.values_list("record_id", "told"))
    return {external_id: Standing(values, told_by_pk.get(pk, {})) for pk, (external_id, values) in by_pk.items()}


def tell(record_type: RecordType, told: dict[str, str]) -> None:
    """Remember external id → fields just told (JSON of field → [time, digest])."""
    if not told:
        return
    statement = _TELL.format(table=WAYS[record_type].model._meta.db_table)
    with connection.cursor() as cursor:
        cursor.execute(statement, {"type": record_type.value, "ids": list(told), "told": list(told.values())})
