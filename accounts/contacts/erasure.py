"""Erasing a contact: who they are goes, what their company did and got stays.

The contact's row stays without a name, because seats active and money facts
count it. Daily usage, facts and the ledger are not touched. The audit keeps
that somebody was erased; it has never known whom by name.
"""

import json

from django.db import connection, transaction
from django.db.models import Q, QuerySet, TextField
from django.db.models.functions import Cast
from django.utils import timezone

from accounts.contacts.holdings import holdings
from accounts.contacts.models import QuizAnswer
from accounts.contacts.naming import (
    accounts_of,
    alias_calls,
    answers_naming,
    file_rows_naming,
    ids_of,
    mentions,
    names_of,
    refused_naming,
)
from accounts.contacts.rules import ERASED, KEPT_PROPERTIES, Names
from accounts.intake.files.models import FileRefusal
from accounts.intake.hooks.models import HookCall, RecordTold
from accounts.intake.hooks.rules import RecordType
from accounts.intake.models import ProfileCall, RefusedItem
from accounts.intake.receipts import until_no_deadlock
from accounts.intake.rules import Call
from accounts.privacy.models import Erasure
from accounts.privacy.queries import erasure_of
from accounts.privacy.rules import ConsentSource, Word
from accounts.privacy.verbs import lock_contacts, tell_consent, unnamed
from accounts.records.models import Account, Contact, FeedbackScore
from accounts.records.rules import ContactRole
from accounts.usage.erased import NOTE, STRIKE
from accounts.usage.models import Event
from loyalty.core.audit.rules import AuditVerb
from loyalty.core.audit.verbs import record
from loyalty.core.errors import DomainError, NotAllowed
from loyalty.core.people.models import User
from loyalty.core.people.permissions import is_administrator, is_member
from loyalty.core.people.rules import Function

BATCH = 500

_KEPT = ", ".join(
    f"'{name}', CASE WHEN jsonb_typeof(properties -> '{name}') = 'number' THEN properties -> '{name}' END"
    for name in KEPT_PROPERTIES
)
# Ids of messages are often made from the id of who did it.
_OWN_EVENTS = f"""
UPDATE accounts_event
SET properties = jsonb_strip_nulls(jsonb_build_object({_KEPT})),
    message_id = CASE WHEN EXISTS (SELECT FROM unnest(%(words)s::text[]) AS word
                                   WHERE position(lower(word) IN lower(message_id)) > 0)
                      THEN erased_id(message_id) ELSE message_id END
WHERE account_id = ANY(%(accounts)s) AND contact_id = %(contact)s
"""
_SUPPRESS = """
INSERT INTO accounts_suppressed (digest) SELECT suppression_digest(id) FROM unnest(%s::text[]) AS id
ON CONFLICT DO NOTHING
"""


def check_may_handle(user: User) -> None:
    """Raise NotAllowed unless the person is of Customer Success or an administrator."""
    if not (is_member(user, Function.CS) or is_administrator(user)):
        raise NotAllowed("Only Customer Success or an administrator may export or erase what is held on a contact.")


def erase(contact: Contact, *, acting_user: User) -> Erasure:
    """Remove who the contact is, everywhere, in one transaction; cannot be undone.

    The intake waits for the moment that it takes, so that no event of theirs
    slips in behind it. Raises NotAllowed unless CS or an administrator acts,
    DomainError when the contact was erased already.
    """
    check_may_handle(acting_user)
    # A call that is just being taken in may hold the contact and want a table, which is locked first here.
    return until_no_deadlock(lambda: _erase(contact, acting_user))


@transaction.atomic
def _erase(contact: Contact, acting_user: User) -> Erasure:
    with connection.cursor() as cursor:
        cursor.execute("SELECT begin_erasure()")
        cursor.execute("LOCK TABLE accounts_event, accounts_profilecall IN SHARE ROW EXCLUSIVE MODE")
    lock_contacts([contact.pk])
    person = Contact.objects.select_related("account").get(pk=contact.pk)
    if erasure_of(person):
        raise DomainError("This contact was erased already.")
    label, ids = unnamed(person), ids_of(person)
    names, accounts = names_of(person, ids), accounts_of(person)
    now = timezone.now()
    # First the withdrawal: offers that are still being decided must not keep them as addressee.
    tell_consent([Word(person.pk, False, "", ConsentSource.ERASURE, now)], now=now, acting_user=None)
    with connection.cursor() as cursor:
        cursor.execute(_SUPPRESS, [sorted(ids)])
    _unname(person)
    _strike_events(person, accounts, names)
    _strike_calls(person, accounts, ids, names)
    _strike_rest(person, accounts, ids, names)
    _strike_colleagues(person, accounts, names)
    for holding in holdings():
        holding.strike(accounts, names)
    erasure = Erasure.objects.create(contact=person)
    record(
        AuditVerb.CONTACT_ERASED,
        acting_user=acting_user,
        object_type="contact",
        object_id=person.pk,
        object_label=label,
        after={"kept": "account totals and money facts", "ids that may not come back": len(ids)},
    )
    return erasure


def _unname(person: Contact) -> None:
    person.external_id, person.name, person.email = f"erased:{person.pk}", "", ""
    person.role, person.traits, person.traits_at = ContactRole.USER.value, {}, None
    person.save(update_fields=["external_id", "name", "email", "role", "traits", "traits_at"])


def _strike_events(person: Contact, accounts: list[int], names: Names) -> None:
    """Their own events keep what facts are made of; those of colleagues lose the names."""
    with connection.cursor() as cursor:
        words = sorted(names.words)
        cursor.execute(_OWN_EVENTS, {"accounts": accounts, "contact": person.pk, "words": words})
    rows = Event.objects.filter(account_id__in=accounts).annotate(text=Cast("properties", TextField()))
    told = list(rows.filter(mentions("text", names) | mentions("message_id", names)))
    for event in told:
        event.properties = names.struck(event.properties)
    Event.objects.bulk_update(told, ["properties"], batch_size=BATCH)
    with connection.cursor() as cursor:
        cursor.execute(STRIKE, [[event.pk for event in told if names.is_in(event.message_id)]])
        cursor.execute(NOTE, [accounts])


def _strike_calls(person: Contact, accounts: list[int], ids: set[str], names: Names) -> None:
    """Profile calls stay, so that they count once; identify calls of theirs say nothing any more."""
    calls = ProfileCall.objects.annotate(text=Cast("payload", TextField()))
    own, aliases = calls.filter(contact=person), calls.filter(pk__in=alias_calls(ids).values("pk"))
    # Calls need not name the account of the colleague who is told of.
    around = Q(account_id__in=accounts) | Q(contact__in=_around(accounts)) | Q(account=None, contact=None)
    theirs = own | aliases | calls.filter(mentions("text", names) & around)
    told = list(theirs.distinct())
    for call in told:
        is_own_identify = call.contact_id == person.pk and call.call == Call.IDENTIFY.value
        struck = names.struck(call.payload)
        call.payload = struck | {"traits": {}} if is_own_identify else struck
        call.payload |= {name: ERASED for name in ("userId", "previousId") if call.payload.get(name) in ids}
        is_told = names.is_in(call.message_id) or any(name in call.message_id for name in ids)
        call.message_id = f"erased:{call.pk}" if is_told else call.message_id
    ProfileCall.objects.bulk_update(told, ["payload", "message_id"], batch_size=BATCH)


def _strike_answers(ids: set[str], names: Names) -> None:
    """What senders of signed records were told: it says the ids of what was refused, and why."""
    told = list(answers_naming(ids, names))
    for call in told:
        for refused in call.answer.get("refused", []):
            if refused["externalId"] in ids:
                refused["reason"] = names.struck_of_them(refused["reason"])
        call.answer = names.struck(call.answer)
        call.webhook_id = f"erased:{call.pk}" if names.is_in(call.webhook_id) else call.webhook_id
    HookCall.objects.bulk_update(told, ["answer", "webhook_id"], batch_size=BATCH)


def _strike_rest(person: Contact, accounts: list[int], ids: set[str], names: Names) -> None:
    refused = list(refused_naming(ids, names))
    for item in refused:
        item.raw, item.message_id, item.waits_for = ERASED, "", ""
        item.reason = names.struck_of_them(item.reason)
        item.retried_reason = names.struck_of_them(item.retried_reason) if item.retried_reason else item.retried_reason
    texts = ["raw", "message_id", "reason", "waits_for", "retried_reason"]
    RefusedItem.objects.bulk_update(refused, texts, batch_size=BATCH)
    rows = list(file_rows_naming(names))
    for row in rows:
        row.raw, row.reason = (
            json.dumps(names.struck(json.loads(row.raw)), ensure_ascii=False),
            names.struck_text(row.reason),
        )
    FileRefusal.objects.bulk_update(rows, ["raw", "reason"], batch_size=BATCH)
    _strike_answers(ids, names)
    RecordTold.objects.filter(type=RecordType.CONTACT.value, record_id=person.pk).delete()
    answers = list(FeedbackScore.objects.filter(contact=person))
    for answer in answers:
        answer.external_id = f"erased:{answer.pk}" if names.is_in(answer.external_id) else answer.external_id
    FeedbackScore.objects.bulk_update(answers, ["external_id"], batch_size=BATCH)
    person.quiz_answers.update(work="", goals="", wishes=[])
    companies = list(Account.objects.filter(pk__in=accounts).order_by("pk").select_for_update(no_key=True))
    for company in companies:
        company.traits, company.goals = names.struck(company.traits), names.struck_text(company.goals)
    Account.objects.bulk_update(companies, ["traits", "goals"])


def _around(accounts: list[int]) -> QuerySet[Contact]:
    """The colleagues there, and whoever nobody has told the company of yet."""
    return Contact.objects.filter(Q(account_id__in=accounts) | Q(account=None))


def _strike_colleagues(person: Contact, accounts: list[int], names: Names) -> None:
    """What colleagues told, of themselves or in the quiz: who their manager is, say."""
    rows = _around(accounts).exclude(pk=person.pk)
    rows = rows.annotate(text=Cast("traits", TextField())).filter(mentions("text", names))
    told = list(rows.order_by("pk").select_for_update(no_key=True, of=("self",)))
    for colleague in told:
        colleague.traits = names.struck(colleague.traits)
    Contact.objects.bulk_update(told, ["traits"], batch_size=BATCH)
    answers = list(QuizAnswer.objects.filter(mentions("goals", names), contact__in=_around(accounts)))
    for answer in answers:
        answer.goals = names.struck_text(answer.goals)
    QuizAnswer.objects.bulk_update(answers, ["goals"], batch_size=BATCH)
