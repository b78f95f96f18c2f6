"""By which words a contact is known, and where they stand."""

import json
from collections.abc import Iterator
from typing import Any

from django.db.models import Q, QuerySet, TextField
from django.db.models.functions import Cast

from accounts.contacts.holdings import holdings
from accounts.contacts.rules import Names, written
from accounts.intake.files.models import FileRefusal
from accounts.intake.forgetting import ids_in
from accounts.intake.hooks.models import HookCall
from accounts.intake.hooks.rules import RecordType
from accounts.intake.models import ProfileCall, RefusedItem
from accounts.intake.rules import Call
from accounts.records.models import Account, Contact, FeedbackScore
from accounts.usage.models import ContactDay

CHUNK = 2000
_NAMING_TRAITS = ("name", "email", "phone", "username")
_ID_FIELDS = ("payload__userId", "payload__previousId")


def ids_of(contact: Contact) -> set[str]:
    """The external ids that the contact has and had: alias calls tell of the earlier ones."""
    ids, known = {contact.external_id}, set[str]()
    while ids - known:
        known |= ids
        for payload in alias_calls(known).values_list("payload", flat=True):
            ids |= {payload[name] for name in ("userId", "previousId") if payload.get(name)}
    return ids


def alias_calls(ids: set[str]) -> QuerySet[ProfileCall]:
    """The alias calls that name one of the ids."""
    named = Q()
    for field in _ID_FIELDS:
        named |= Q(**{f"{field}__in": sorted(ids)})
    return ProfileCall.objects.filter(named, call=Call.ALIAS.value)


def names_of(contact: Contact, ids: set[str]) -> Names:
    """All words that name the contact, now and in every identify call."""
    told = ProfileCall.objects.filter(contact=contact, call=Call.IDENTIFY.value).values_list("payload", flat=True)
    traits = [contact.traits, *(payload.get("traits") or {} for payload in told)]
    words = {contact.name, contact.email, *ids}
    for known in traits:
        words |= {known[name] for name in _NAMING_TRAITS if isinstance(known.get(name), str)}
        words.add(_full_name(known))
    return Names(words)


def accounts_of(contact: Contact) -> list[int]:
    """Every account that the contact was ever seen at."""
    seen = {contact.account_id}
    seen |= set(ContactDay.objects.filter(contact=contact).values_list("account_id", flat=True))
    for rows in (ProfileCall.objects, FeedbackScore.objects):
        seen |= set(rows.filter(contact=contact).values_list("account_id", flat=True))
    for holding in holdings():
        seen |= set(holding.accounts(contact.pk))
    return list(Account.objects.filter(pk__in=[pk for pk in seen if pk]).order_by("pk").values_list("pk", flat=True))


def refused_naming(ids: set[str], names: Names) -> Iterator[RefusedItem]:
    """What was refused and names the contact, or is about or waits for one of their ids, however short that is."""
    sieved = mentions("raw", names) | Q(waits_for__in=sorted(ids))
    for short in ids - set(names.telling):
        sieved |= Q(raw__contains=json.dumps(short, ensure_ascii=False))
        sieved |= Q(raw__regex=rf"[:,\[]\s*{short}\s*[],}}]") if short.isdecimal() else Q()
    for item in RefusedItem.objects.filter(sieved).order_by("pk").iterator(chunk_size=CHUNK):
        if names.is_in_json(item.raw) or item.waits_for in ids or _ids_told(item) & ids:
            yield item


def file_rows_naming(names: Names) -> Iterator[FileRefusal]:
    """The refused rows of files that name the contact."""
    rows = FileRefusal.objects.filter(mentions("raw", names)).select_related("upload").order_by("pk")
    return (row for row in rows.iterator(chunk_size=CHUNK) if names.is_in_json(row.raw))


def answers_naming(ids: set[str], names: Names) -> QuerySet[HookCall, Any]:
    """Signed records whose answers, or own ids, may name the contact; the answer has an id also where it is short."""
    sieved = mentions("text", names) | mentions("webhook_id", names)
    for own in ids:
        sieved |= Q(answer__contains={"refused": [{"externalId": own}]})
    return HookCall.objects.annotate(text=Cast("answer", TextField())).filter(sieved).order_by("pk")


def _ids_told(item: RefusedItem) -> set[str]:
    """The ids of contacts in a refused call or record; of a refused row of a file every cell may be one."""
    try:
        told = json.loads(item.raw)
    except (ValueError, RecursionError):
        return set()
    if isinstance(told, list):
        return {str(cell) for cell in told}
    data = told.get("data", told) if isinstance(told, dict) else told
    of_contact = item.call == RecordType.CONTACT.value
    return ids_in(data, ("userId", "previousId", "contact", *(["external_id"] if of_contact else [])))


def mentions(field: str, names: Names) -> Q:
    """A first sieve: the text, which may be JSON, has one of the telling words, in whatever case."""
    found = Q(pk__in=[])
    for word in names.telling:
        for form in written(word):
            found |= Q(**{f"{field}__icontains": form})
    return found


def _full_name(traits: dict[str, Any]) -> str:
    parts = [traits.get(name) for name in ("firstName", "lastName")]
    # A first name alone would be struck out of what other people said.
    return " ".join(parts) if all(isinstance(part, str) and part.strip() for part in parts) else ""  # type: ignore[arg-type]
