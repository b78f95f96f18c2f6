"""Reading contacts: who they are, what they did if they let us look, who drives adoption."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta

from django.db.models import Count, Q, QuerySet, Sum

from accounts.contacts.models import QuizAnswer
from accounts.contacts.rules import CHAMPION_DAYS, QUIZ_VERSION, Use, most_active
from accounts.privacy.queries import consenting, standing
from accounts.records.models import Account, Contact, FeedbackScore
from accounts.records.rules import ContactRole
from accounts.usage.models import ContactDay, Event

SHOWN_EVENTS, SHOWN_ANSWERS, SHOWN_CONTACTS = 20, 20, 25
# Whoever has a role comes first.
BY_ROLE = ("role", "name", "id")
CSV_HEADER = ("contact", "external_id", "email", "role", "consents")


@dataclass(frozen=True)
class Suggestion:
    """Who drives adoption, by use; `is_confirmed` when CS says so already."""

    contact: Contact
    use: Use

    @property
    def is_confirmed(self) -> bool:
        return self.contact.role == ContactRole.CHAMPION.value


@dataclass(frozen=True)
class Roles:
    """Who has which role at an account; None where nobody has."""

    champion: Contact | None
    buyer: Contact | None
    suggestion: Suggestion | None


def contact_of(contact_id: int) -> Contact | None:
    """A contact with their account and erasure, annotated with `consents_now`."""
    rows = Contact.objects.select_related("account", "erasure").annotate(consents_now=standing())
    return rows.filter(pk=contact_id).first()


def at_account(account: Account, text: str = "") -> QuerySet[Contact]:
    """The contacts of an account with the text in name or address, annotated with `consents_now`; nobody erased."""
    rows = Contact.objects.filter(account=account, erasure=None).annotate(consents_now=standing())
    return rows.filter(Q(name__icontains=text) | Q(email__icontains=text)) if text else rows


def csv_rows(contacts: QuerySet[Contact]) -> Iterator[list[object]]:
    """Contacts of `at_account` by CSV_HEADER, streamed; consent that is on no record is empty."""
    for contact in contacts.iterator(chunk_size=2000):
        yield [
            *(contact.name, contact.external_id, contact.email, contact.get_role_display()),
            getattr(contact, "consents_now", None),
        ]


def roles(account: Account, day: date) -> Roles:
    """Who has a role now, and who is suggested by the use of the CHAMPION_DAYS that end with `day` (UTC)."""
    held = (
        Contact.objects.filter(account=account).exclude(role=ContactRole.USER.value).annotate(consents_now=standing())
    )
    by_role = {contact.role: contact for contact in held.order_by("-id")}
    return Roles(
        champion=by_role.get(ContactRole.CHAMPION.value),
        buyer=by_role.get(ContactRole.ECONOMIC_BUYER.value),
        suggestion=suggested_champion(account, day),
    )


def suggested_champion(account: Account, day: date) -> Suggestion | None:
    """The consenting contact with the most key actions in the days that end with `day`; ties by events, then id."""
    willing = consenting(Contact.objects.filter(account=account, erasure=None))
    used = _uses(ContactDay.objects.filter(account=account, contact__in=willing.values("pk")), day)
    best = most_active(used)
    return Suggestion(Contact.objects.get(pk=best.contact_id), best) if best else None


def use_of(contact: Contact, day: date) -> Use:
    """What a contact did in the CHAMPION_DAYS that end with `day` (UTC)."""
    found = _uses(ContactDay.objects.filter(contact=contact), day)
    return found[0] if found else Use(contact.pk, 0, 0, 0)


def events_a_day(contact: Contact, day: date) -> list[tuple[date, int]]:
    """Events of each of the CHAMPION_DAYS that end with `day`, 0 where there were none."""
    rows = ContactDay.objects.filter(contact=contact, day__gt=_before(day), day__lte=day)
    counted = dict(rows.values_list("day").annotate(total=Sum("events")).order_by())
    days = [_before(day) + timedelta(days=n + 1) for n in range(CHAMPION_DAYS)]
    return [(on, counted.get(on, 0)) for on in days]


def latest_events(contact: Contact) -> QuerySet[Event]:
    """The latest events of a contact at their account."""
    rows = Event.objects.filter(account=contact.account, contact=contact)
    return rows.order_by("-occurred_at", "-id")[:SHOWN_EVENTS]


def answers(contact: Contact) -> QuerySet[FeedbackScore]:
    """NPS and CSAT answers, the latest first."""
    return FeedbackScore.objects.filter(contact=contact)[:SHOWN_ANSWERS]


def quiz_answer(contact: Contact, version: int = QUIZ_VERSION) -> QuizAnswer | None:
    """What the contact answered; None when they have not."""
    return QuizAnswer.objects.filter(contact=contact, version=version).first()


def _uses(days: QuerySet[ContactDay], day: date) -> list[Use]:
    rows = days.filter(day__gt=_before(day), day__lte=day).values("contact_id").order_by()
    summed = rows.annotate(key=Sum("key_actions"), all=Sum("events"), days=Count("day", distinct=True))
    return [Use(row["contact_id"], row["key"], row["all"], row["days"]) for row in summed]


def _before(day: date) -> date:
    return day - timedelta(days=CHAMPION_DAYS)
