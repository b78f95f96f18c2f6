"""Identify, group and alias calls: who the contacts are, and which accounts there are.

Invariants: a call counts once per source and message id; a contact is where the
newest call placed them. Rows are locked accounts first, then contacts, by id.
"""

import json
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from typing import Any

from django.db import connection
from django.utils import timezone

from accounts.intake import rules
from accounts.intake.aliases import present_ids
from accounts.intake.models import ProfileCall
from accounts.intake.placing import place_by
from accounts.intake.reading import ProfileItem
from accounts.intake.repeated import other_calls
from accounts.intake.rules import Call, Refusal
from accounts.intake.telling import Told, tell
from accounts.intake.traits import consent_word
from accounts.privacy.queries import erased_among
from accounts.privacy.rules import Word
from accounts.privacy.verbs import tell_consent
from accounts.records.models import Account, Contact
from accounts.sources.queries import Sender, record_of
from accounts.sources.rules import Kind

_NEW_ACCOUNTS = """
INSERT INTO accounts_account (external_id, name, industry, country, goals, plan_segment, time_zone, traits, created_at)
SELECT id, id, '', '', '', '', '', '{}', now() FROM unnest(%s::text[]) AS id ORDER BY id
ON CONFLICT (external_id) DO NOTHING
"""
_NEW_CONTACTS = """
INSERT INTO accounts_contact (external_id, name, email, role, traits, created_at)
SELECT id, '', '', 'user', '{}', now() FROM unnest(%s::text[]) AS id ORDER BY id
ON CONFLICT (external_id) DO NOTHING
"""
_NEW_CALLS = """
INSERT INTO accounts_profilecall (source_id, message_id, call, account_id, contact_id, occurred_at, payload, waits_for)
SELECT %s, message_id, call, account_id, contact_id, occurred_at, payload, waits_for
FROM jsonb_to_recordset(%s::jsonb) AS item(message_id text, call text, account_id bigint, contact_id bigint,
                                           occurred_at timestamptz, payload jsonb, waits_for text)
ORDER BY message_id
ON CONFLICT (source_id, message_id) DO NOTHING
RETURNING message_id
"""
_ACCOUNT_FIELDS = [
    *("name", "industry", "country", "employee_count", "plan_segment", "signed_up_on", "time_zone", "goals"),
    *("referred_by", "traits", "traits_at"),
]
_CONTACT_FIELDS = ["external_id", "name", "email", "traits", "traits_at"]
_DIRTY = "INSERT INTO accounts_factsdirty (account_id, day) SELECT * FROM unnest(%s::bigint[], %s::date[])"


@dataclass
class Applied:
    """What became of the profile calls of a batch; `problems` is position → refusal."""

    accepted: int = 0
    duplicates: int = 0
    problems: dict[int, Refusal] = field(default_factory=dict)


def apply_profiles(
    sender: Sender, items: list[ProfileItem], refuse: Callable[[Kind], Refusal], *, today: date
) -> Applied:
    """Take in profile calls; call inside a transaction, before the events of the same batch.

    `refuse` words the refusal of a kind that the sender is not the system of
    record for. The facts of accounts that were told of change from `today` (UTC) on,
    and from the sign-up day where that is told anew.
    """
    result = Applied()
    allowed = [item for item in items if _may_send(sender, item, result.problems, refuse)]
    accounts = _accounts(sender, allowed)
    known = _by_present_ids([item for item in allowed if _has_account(item, accounts, result.problems)])
    contacts = _contacts(sender, known)
    living = _without_erased(known, contacts, result.problems)
    wanted = _with_free_ids(living, contacts, result.problems)
    fresh = _keep_calls(sender, wanted, accounts, contacts)
    others = _other_calls(sender, wanted, fresh)
    result.problems |= others
    result.accepted, result.duplicates = len(fresh), len(wanted) - len(fresh) - len(others)
    words = _consent_words(sender, fresh, contacts)
    signed_up = {account.pk: account.signed_up_on for account in accounts.values()}
    told = _apply(sorted(fresh, key=_by_time), sender, accounts, contacts)
    _save(told, signed_up, today)
    _place(sender, fresh)
    tell_consent(words, now=timezone.now(), acting_user=None)
    return result


def _may_send(
    sender: Sender, item: ProfileItem, problems: dict[int, Refusal], refuse: Callable[[Kind], Refusal]
) -> bool:
    if Kind.USAGE in sender.records or (item.call is Call.GROUP and Kind.ACCOUNT in sender.records):
        return True
    problems[item.position] = refuse(Kind.ACCOUNT if item.call is Call.GROUP else Kind.USAGE)
    return False


def _accounts(sender: Sender, items: list[ProfileItem]) -> dict[str, Account]:
    """The accounts that the calls name; the system of record for accounts also makes them."""
    named = {item.group_id for item in items if item.group_id is not None}
    if not named:
        return {}
    rows = Account.objects.filter(external_id__in=named).order_by("pk")
    if Kind.ACCOUNT in sender.records:
        _insert(_NEW_ACCOUNTS, {i.group_id for i in items if i.call is Call.GROUP and i.group_id is not None})
        rows = rows.select_for_update(no_key=True)
    return {account.external_id: account for account in rows}


def _has_account(item: ProfileItem, accounts: dict[str, Account], problems: dict[int, Refusal]) -> bool:
    if item.call is Call.GROUP and item.group_id not in accounts:
        problems[item.position] = replace(rules.UNKNOWN_ACCOUNT, waits_for=item.group_id or "")
        return False
    return True


def _by_present_ids(items: list[ProfileItem]) -> list[ProfileItem]:
    """The calls with the ids that their contacts have now; what is kept of a call says what was sent."""
    present = present_ids(_named(items))
    if not present:
        return items
    return [
        replace(
            item,
            user_id=present.get(item.user_id or "", item.user_id),
            previous_id=present.get(item.previous_id or "", item.previous_id),
        )
        for item in items
    ]


def _known_among(ids: set[str]) -> set[str]:
    return set(Contact.objects.filter(external_id__in=ids).values_list("external_id", flat=True))


def _named(items: list[ProfileItem]) -> set[str]:
    return {name for i in items for name in (i.user_id, i.previous_id) if name is not None}


def _contacts(sender: Sender, items: list[ProfileItem]) -> dict[str, Contact]:
    """The contacts that the calls name; identify and group calls make them.

    An id that nobody has yet, and that an alias of the batch gives to a contact, is that contact's
    for the whole batch: clients send the alias and the first identify call of the new id together.
    """
    aliases = _unkept(sender, [i for i in items if i.call is Call.ALIAS])
    given = {i.user_id for i in aliases if i.user_id is not None}
    given -= _known_among(given) | erased_among(given)
    made = {i.user_id for i in items if i.user_id is not None and i.call is not Call.ALIAS}
    _insert(_NEW_CONTACTS, made - given)
    contacts = _held(_named(items))
    for item in sorted(aliases, key=_by_time):
        if item.user_id in given and (contact := contacts.get(item.previous_id or "")):
            contacts.setdefault(item.user_id, contact)
    if left := (made & given) - contacts.keys():
        _insert(_NEW_CONTACTS, left)
        contacts |= _held(left)
    return contacts


def _unkept(sender: Sender, items: list[ProfileItem]) -> list[ProfileItem]:
    """The calls whose message id was not kept before: the others were applied, or say something else now."""
    ids = [item.message_id for item in items]
    rows = ProfileCall.objects.filter(source_id=sender.source_id, message_id__in=ids)
    kept = set(rows.values_list("message_id", flat=True))
    return [item for item in items if item.message_id not in kept]


def _held(ids: set[str]) -> dict[str, Contact]:
    """The contacts with these ids, locked."""
    rows = Contact.objects.filter(external_id__in=ids).order_by("pk").select_for_update(no_key=True)
    return {contact.external_id: contact for contact in rows} if ids else {}


def _without_erased(
    items: list[ProfileItem], contacts: dict[str, Contact], problems: dict[int, Refusal]
) -> list[ProfileItem]:
    """Refuse what names somebody who was erased: the database did not let them become a contact again."""
    absent = {name for i in items for name in (i.user_id, i.previous_id) if name is not None and name not in contacts}
    erased = erased_among(absent)
    problems |= {i.position: rules.ERASED_CONTACT for i in items if {i.user_id, i.previous_id} & erased}
    return [i for i in items if i.position not in problems]


def _consent_words(sender: Sender, items: list[ProfileItem], contacts: dict[str, Contact]) -> list[Word]:
    """The words of identify calls: a withdrawal always counts, consent only where no other source is its record."""
    told = [(contacts.get(item.user_id or ""), item) for item in items if item.call is Call.IDENTIFY]
    words = [consent_word(item.traits, contact.pk, item.occurred_at) for contact, item in told if contact]
    known = [word for word in words if word is not None]
    if any(word.granted for word in known) and not _may_grant(sender):
        return [word for word in known if not word.granted]
    return known


def _may_grant(sender: Sender) -> bool:
    return Kind.FEEDBACK in sender.records or record_of(Kind.FEEDBACK) is None


def _with_free_ids(
    items: list[ProfileItem], contacts: dict[str, Contact], problems: dict[int, Refusal]
) -> list[ProfileItem]:
    """Refuse each alias onto an id that is another contact's, or that an earlier alias of the batch gives to one."""
    holders = dict(contacts)
    for item in sorted((i for i in items if i.call is Call.ALIAS), key=_by_time):
        contact = holders.get(item.previous_id or "")
        if contact is not None and item.user_id and holders.setdefault(item.user_id, contact) is not contact:
            problems[item.position] = rules.TWO_CONTACTS
    return [i for i in items if i.position not in problems]


def _by_time(item: ProfileItem) -> tuple[datetime, str]:
    return item.occurred_at, item.message_id


def _keep_calls(
    sender: Sender, items: list[ProfileItem], accounts: dict[str, Account], contacts: dict[str, Contact]
) -> list[ProfileItem]:
    """Keep each call once; returns those that had not been kept before."""
    first: dict[str, ProfileItem] = {}
    for item in items:
        first.setdefault(item.message_id, item)
    if not first:
        return []
    rows = [_call_row(item, accounts, contacts) for item in first.values()]
    with connection.cursor() as cursor:
        cursor.execute(_NEW_CALLS, [sender.source_id, json.dumps(rows, ensure_ascii=False)])
        kept = {message_id for (message_id,) in cursor.fetchall()}
    return [item for item in first.values() if item.message_id in kept]


def _other_calls(sender: Sender, items: list[ProfileItem], fresh: list[ProfileItem]) -> dict[int, Refusal]:
    """Those of the calls whose message id is kept with another body."""
    is_fresh = {item.position for item in fresh}
    repeated = [item for item in items if item.position not in is_fresh]
    if not repeated:
        return {}
    rows = ProfileCall.objects.filter(source_id=sender.source_id, message_id__in={i.message_id for i in repeated})
    kept = rows.values_list("message_id", "call", "occurred_at", "payload")
    return other_calls(repeated, {message_id: (call, at, payload) for message_id, call, at, payload in kept})


def _call_row(item: ProfileItem, accounts: dict[str, Account], contacts: dict[str, Contact]) -> dict[str, Any]:
    account, contact = accounts.get(item.group_id or ""), contacts.get(item.user_id or "")
    if item.call is Call.ALIAS:
        contact = contacts.get(item.previous_id or "", contact)
    return {
        "message_id": item.message_id,
        "call": item.call.value,
        "account_id": account.pk if account else None,
        "contact_id": contact.pk if contact else None,
        "occurred_at": item.occurred_at.isoformat(),
        "payload": item.payload,
        "waits_for": "" if account else item.group_id or "",
    }


def _apply(
    items: list[ProfileItem], sender: Sender, accounts: dict[str, Account], contacts: dict[str, Contact]
) -> list[Account | Contact]:
    """Apply calls, the oldest first, to the rows in memory; returns the rows that they touched."""
    touched: dict[tuple[type, int], Account | Contact] = {}
    told: dict[tuple[type, int], Told] = {}

    def tells(target: Account | Contact, item: ProfileItem) -> None:
        told.setdefault((type(target), target.pk), Told(target, [])).items.append(item)

    for item in items:
        contact, account = contacts.get(item.user_id or ""), accounts.get(item.group_id or "")
        if item.call is Call.ALIAS:
            contact = _rename(item, contacts)
        elif item.call is Call.IDENTIFY and contact is not None:
            tells(contact, item)
        elif item.call is Call.GROUP and account is not None and Kind.ACCOUNT in sender.records:
            tells(account, item)
            touched[Account, account.pk] = account
        if contact is not None:
            touched[Contact, contact.pk] = contact
    tell(list(told.values()), sender.source_id)
    return list(touched.values())


def _rename(item: ProfileItem, contacts: dict[str, Contact]) -> Contact | None:
    """Let the contact of the previous id be known by the new one from now on; other calls may still use the first."""
    contact = contacts.get(item.previous_id or "")
    if contact is not None and item.user_id is not None:
        contact.external_id = item.user_id
        contacts[item.user_id] = contact
    return contact


def _place(sender: Sender, items: list[ProfileItem]) -> None:
    """Put the contacts of the calls that name an account where their newest calls say, the kept ones among these."""
    naming = [item.message_id for item in items if item.group_id is not None]
    if naming:
        kept = ProfileCall.objects.filter(source_id=sender.source_id, message_id__in=naming)
        place_by(list(kept.filter(account__isnull=False, contact__isnull=False).values_list("pk", flat=True)))


def _save(touched: list[Account | Contact], signed_up: dict[int, date | None], today: date) -> None:
    accounts = [row for row in touched if isinstance(row, Account)]
    contacts = [row for row in touched if isinstance(row, Contact)]
    if accounts:
        Account.objects.bulk_update(accounts, _ACCOUNT_FIELDS)
        with connection.cursor() as cursor:
            days = [_touched_from(signed_up[account.pk], account.signed_up_on, today) for account in accounts]
            cursor.execute(_DIRTY, [[account.pk for account in accounts], days])
    if contacts:
        Contact.objects.bulk_update(contacts, _CONTACT_FIELDS)


def _touched_from(before: date | None, signed_up_on: date | None, today: date) -> date:
    """The first day whose facts differ: a new sign-up day touches every day since, as in a file."""
    return today if before == signed_up_on else min(day for day in (before, signed_up_on, today) if day is not None)


def _insert(statement: str, ids: set[str]) -> None:
    if ids:
        with connection.cursor() as cursor:
            cursor.execute(statement, [sorted(ids)])
