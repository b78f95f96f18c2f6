"""All that is held on one contact, table by table, as JSON that leaves row by row: there may be a million events."""

import json
from collections.abc import Iterable, Iterator
from typing import Any

from django.core.serializers.json import DjangoJSONEncoder
from django.db.models import Model, QuerySet

from accounts.contacts.erasure import check_may_handle
from accounts.contacts.holdings import holdings
from accounts.contacts.models import QuizAnswer
from accounts.contacts.naming import (
    CHUNK,
    accounts_of,
    alias_calls,
    answers_naming,
    file_rows_naming,
    ids_of,
    names_of,
    refused_naming,
)
from accounts.contacts.rules import Names
from accounts.intake.models import ProfileCall
from accounts.privacy.queries import history
from accounts.privacy.verbs import unnamed
from accounts.records.models import Contact, FeedbackScore
from accounts.usage.models import ContactDay, Event
from loyalty.core.audit.models import AuditLine
from loyalty.core.audit.rules import AuditVerb
from loyalty.core.audit.verbs import record
from loyalty.core.people.models import User

Rows = Iterable[dict[str, Any]]


def export_contact(contact: Contact, *, acting_user: User) -> Iterator[str]:
    """Every row that is about the contact or names them, by table: the pieces of one JSON object; times UTC.

    Leaves an audit line. Raises NotAllowed unless CS or an administrator acts; both before the first piece.
    """
    check_may_handle(acting_user)
    record(
        AuditVerb.EXPORTED,
        acting_user=acting_user,
        object_type="contact",
        object_id=contact.pk,
        object_label=f"what is held on {unnamed(contact)}",
    )
    return _pieces(contact)


def _pieces(contact: Contact) -> Iterator[str]:
    account = {"account": contact.account.name if contact.account else None}
    yield f'{{\n  "contact": {_json(_row(contact) | account)}'
    for table, rows in _tables(contact):
        yield f",\n  {_json(table)}: ["
        for number, row in enumerate(rows):
            yield f"{',' if number else ''}\n    {_json(row)}"
        yield "\n  ]"
    yield "\n}\n"


def _tables(contact: Contact) -> Iterator[tuple[str, Rows]]:
    ids, accounts = ids_of(contact), accounts_of(contact)
    names = names_of(contact, ids)
    own = ProfileCall.objects.filter(contact=contact)
    calls = own | ProfileCall.objects.filter(pk__in=alias_calls(ids).values("pk"))
    yield "consent", _rows(history(contact))
    yield "quiz_answers", _rows(QuizAnswer.objects.filter(contact=contact))
    yield "feedback", _rows(FeedbackScore.objects.filter(contact=contact))
    yield "profile_calls", _rows(calls.order_by("occurred_at", "id"))
    events = Event.objects.filter(account_id__in=accounts, contact=contact)
    yield "events", _rows(events.order_by("occurred_at", "id"))
    days = ContactDay.objects.filter(contact=contact).order_by("day", "account_id")
    yield "days_of_use", map(dict, days.values("day", "events", "key_actions").iterator(chunk_size=CHUNK))
    yield "refused", map(_row, refused_naming(ids, names))
    rows = file_rows_naming(names)
    yield "refused_rows", ({"file": r.upload.name, "row": json.loads(r.raw), "reason": r.reason} for r in rows)
    yield "answers_to_senders", _answers(ids, names)
    yield "audit", _lines(contact)
    for holding in holdings():
        yield holding.name, holding.rows(contact.pk, accounts, names)


def _answers(ids: set[str], names: Names) -> Rows:
    """What senders of signed records were told of the contact; the same answers tell of others too."""
    for call in answers_naming(ids, names):
        for told in call.answer.get("refused", []):
            if told.get("externalId") in ids or names.struck(told) != told:
                yield {"received_at": call.received_at, **told}


def _lines(contact: Contact) -> Rows:
    """What the audit tells of the contact; which of our people did it is theirs."""
    lines = AuditLine.objects.filter(object_type="contact", object_id=str(contact.pk)).select_related("typed")
    for line in lines.order_by("pk").iterator(chunk_size=CHUNK):
        did = {"at": line.at, "what": AuditVerb(line.verb).label, "object": line.object_label}
        yield did | {"before": line.before, "after": line.after, "reason": line.why}


def _rows(rows: QuerySet[Any]) -> Rows:
    return map(_row, rows.iterator(chunk_size=CHUNK))


def _row(row: Model) -> dict[str, Any]:
    """Every column of a row; references to others as their ids."""
    return {field.attname: getattr(row, field.attname) for field in row._meta.concrete_fields}


def _json(value: Any) -> str:
    return json.dumps(value, cls=DjangoJSONEncoder, ensure_ascii=False)
