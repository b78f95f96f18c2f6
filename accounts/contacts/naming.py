"""By which words a contact is known, and where they stand."""

from typing import Any

from django.db.models import Q, QuerySet

from accounts.contacts.rules import Names
from accounts.intake.models import ProfileCall, RefusedItem
from accounts.intake.rules import Call
from accounts.records.models import Account, Contact
from accounts.usage.models import ContactDay

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
    seen |= set(ProfileCall.objects.filter(contact=contact).values_list("account_id", flat=True))
    return list(Account.objects.filter(pk__in=[pk for pk in seen if pk]).order_by("pk").values_list("pk", flat=True))


def refused_naming(names: Names) -> list[RefusedItem]:
    """What was refused and names the contact."""
    return [item for item in RefusedItem.objects.filter(mentions("raw", names)) if names.is_in(item.raw)]


def mentions(field: str, names: Names) -> Q:
    """A first sieve: the text has one of the telling words, in whatever case."""
    found = Q(pk__in=[])
    for word in names.telling:
        found |= Q(**{f"{field}__icontains": word})
    return found


def _full_name(traits: dict[str, Any]) -> str:
    parts = [traits.get(name) for name in ("firstName", "lastName")]
    # A first name alone would be struck out of what other people said.
    return " ".join(parts) if all(isinstance(part, str) and part.strip() for part in parts) else ""  # type: ignore[arg-type]
