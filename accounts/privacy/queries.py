"""Who consents, and who was erased."""

from collections.abc import Iterable

from django.db import connection
from django.db.models import OuterRef, QuerySet, Subquery

from accounts.privacy.models import Consent, Erasure
from accounts.records.models import Contact


def standing(contact: str = "pk") -> Subquery:
    """Over contacts, or over rows that name one: whether the standing word is consent; null when there is none."""
    return Subquery(Consent.objects.filter(contact=OuterRef(contact)).values("granted")[:1])


def consenting(contacts: QuerySet[Contact]) -> QuerySet[Contact]:
    """Those whose behaviour may be looked at, and to whom offers may be addressed."""
    return contacts.annotate(consents_now=standing()).filter(consents_now=True)


def consenting_ids(contact_ids: Iterable[int]) -> set[int]:
    """Of some contacts, those who consent."""
    wanted = set(contact_ids)
    return set(consenting(Contact.objects.filter(pk__in=wanted)).values_list("pk", flat=True)) if wanted else set()


def consents(contact: Contact) -> bool:
    """Whether the contact consents now."""
    return contact.pk in consenting_ids([contact.pk])


def history(contact: Contact) -> QuerySet[Consent]:
    """Every word of the contact, the one that stands first."""
    return Consent.objects.filter(contact=contact).select_related("told_by")


def erasure_of(contact: Contact) -> Erasure | None:
    """When the contact was erased; None when they were not."""
    return Erasure.objects.filter(contact=contact).first()


def erased_among(external_ids: Iterable[str]) -> set[str]:
    """Of some ids, those of people who were erased; until the transaction ends nobody else is."""
    wanted = sorted(set(external_ids))
    if not wanted:
        return set()
    with connection.cursor() as cursor:
        cursor.execute("SELECT erased_among(%s)", [wanted])
        return {external_id for (external_id,) in cursor.fetchall()}
