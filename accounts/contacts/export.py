"""All that is held on one contact, table by table."""

from typing import Any

from django.db.models import Model, QuerySet

from accounts.contacts.erasure import check_may_handle
from accounts.contacts.holdings import holdings
from accounts.contacts.models import QuizAnswer
from accounts.contacts.naming import accounts_of, alias_calls, ids_of, names_of, refused_naming
from accounts.intake.models import ProfileCall
from accounts.privacy.queries import history
from accounts.privacy.verbs import unnamed
from accounts.records.models import Contact, FeedbackScore
from accounts.usage.models import ContactDay, Event
from loyalty.core.audit.rules import AuditVerb
from loyalty.core.audit.verbs import record
from loyalty.core.people.models import User


def export_contact(contact: Contact, *, acting_user: User) -> dict[str, Any]:
    """Every row that is about the contact, by table; values are JSON, times UTC.

    Leaves an audit line. Raises NotAllowed unless CS or an administrator acts.
    """
    check_may_handle(acting_user)
    record(
        AuditVerb.EXPORTED,
        acting_user=acting_user,
        object_type="contact",
        object_id=contact.pk,
        object_label=f"what is held on {unnamed(contact)}",
    )
    ids = ids_of(contact)
    calls = ProfileCall.objects.filter(contact=contact) | ProfileCall.objects.filter(
        pk__in=alias_calls(ids).values("pk")
    )
    events = Event.objects.filter(account_id__in=accounts_of(contact), contact=contact).order_by("occurred_at", "id")
    return {
        "contact": _row(contact) | {"account": contact.account.name if contact.account else None},
        "consent": _rows(history(contact)),
        "quiz_answers": _rows(QuizAnswer.objects.filter(contact=contact)),
        "feedback": _rows(FeedbackScore.objects.filter(contact=contact)),
        "profile_calls": _rows(calls.order_by("occurred_at", "id")),
        "events": _rows(events),
        "days_of_use": [
            {"day": d.day, "events": d.events, "key_actions": d.key_actions}
            for d in ContactDay.objects.filter(contact=contact).order_by("day", "account_id")
        ],
        "refused": [_row(item) for item in refused_naming(names_of(contact, ids), ids)],
        **{holding.name: holding.rows(contact.pk) for holding in holdings()},
    }


def _rows(rows: QuerySet[Any]) -> list[dict[str, Any]]:
    return [_row(row) for row in rows.iterator(chunk_size=2000)]


def _row(row: Model) -> dict[str, Any]:
    """Every column of a row; references to others as their ids."""
    return {field.attname: getattr(row, field.attname) for field in row._meta.concrete_fields}
