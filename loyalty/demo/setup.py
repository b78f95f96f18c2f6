"""The demo's own company: its people, sources, key actions, milestones and drafts of campaigns.

Everything is made through the verbs of the rooms, so that the audit tells it.
Calling it again makes what is missing, and replaces passwords and keys that
nobody knows any more.
"""

import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db import transaction

from accounts.sources.models import Source, SourceKey
from accounts.sources.rules import Kind, key_digest
from accounts.sources.verbs import create_source, make_key
from accounts.usage.models import KeyAction
from loyalty.core.audit.rules import AuditVerb
from loyalty.core.audit.verbs import record
from loyalty.core.people.models import User
from loyalty.core.people.rules import Function
from loyalty.core.people.verbs import create_person
from loyalty.demo.access import DemoAccess
from loyalty.demo.vocabulary import API_CALL, CUSTOM_REPORT
from loyalty.shipped import ensure_shipped

ADMINISTRATOR = "administrator"
ALPHABET = "abcdefghijkmnpqrstuvwxyz23456789"  # nothing that is easily misread
KEY_ACTIONS = ("Report Generated", "Export Created", API_CALL, CUSTOM_REPORT)


@dataclass(frozen=True)
class Seat:
    """One person of the demo's own company; a person who is not shown only keeps a book of accounts."""

    username: str
    name: str
    function: str
    is_shown: bool = True


SEATS = (
    Seat("amara", "Amara Okafor", Function.FINANCE.value),
    Seat("priya", "Priya Shah", Function.PRODUCT.value),
    Seat("leila", "Leila Haddad", Function.CS.value),
    Seat("grace", "Grace Kim", ADMINISTRATOR),
    Seat("henrik", "Henrik Dahl", Function.FINANCE.value),
    Seat("tomas", "Tomas Novak", Function.PRODUCT.value),
    Seat("ben", "Ben Whitaker", Function.CS.value),
    Seat("sofia", "Sofia Reyes", Function.CS.value, is_shown=False),
    Seat("noah", "Noah Fischer", Function.CS.value, is_shown=False),
)
SOURCES: tuple[tuple[str, tuple[Kind, ...]], ...] = (
    ("Customer data platform", (Kind.ACCOUNT, Kind.USAGE)),
    ("Billing", (Kind.SUBSCRIPTION,)),
    ("Helpdesk", (Kind.SUPPORT,)),
    ("Feedback", (Kind.FEEDBACK,)),
)


@transaction.atomic
def set_up(existing: DemoAccess | None, *, history_from: datetime) -> DemoAccess:
    """Make people, sources and all that is shipped; returns the sign-ins and keys that hold now.

    Milestones and streaks hold from `history_from` (UTC); campaigns are drafts.
    """
    existing = existing or DemoAccess()
    users = [_person(seat, existing.password_of(seat.username)) for seat in SEATS]
    administrator = User.objects.get(username=next(s.username for s in SEATS if s.function == ADMINISTRATOR))
    sources = [entry for name, kinds in SOURCES for entry in _source(name, kinds, existing, administrator)]
    if not KeyAction.objects.exists():
        KeyAction.objects.bulk_create(KeyAction(event_name=name) for name in KEY_ACTIONS)
    ensure_shipped(effective_at=history_from)
    return DemoAccess([user for user, seat in zip(users, SEATS, strict=True) if seat.is_shown], sources)


def members(function: Function) -> Sequence[User]:
    """The people of a function, in the order of their seats."""
    names = [seat.username for seat in SEATS if seat.function == function.value]
    return sorted(User.objects.filter(username__in=names), key=lambda user: names.index(user.username))


def source_of(kind: Kind) -> Source:
    """The system of record of a kind of data."""
    return Source.objects.get(kinds__kind=kind.value, kinds__is_active=True)


def _person(seat: Seat, known: str | None) -> dict[str, str]:
    password = known or _new_password()
    person = User.objects.filter(username=seat.username).first()
    if person is None:
        is_administrator = seat.function == ADMINISTRATOR
        functions = [] if is_administrator else [Function(seat.function)]
        create_person(seat.username, seat.name, password, functions, is_administrator, acting_user=None)
    elif known is None and seat.is_shown:
        person.set_password(password)
        person.save(update_fields=["password"])
        record(
            AuditVerb.PERSON_CHANGED,
            acting_user=None,
            object_type="person",
            object_id=person.pk,
            object_label=person.display_name,
            reason="A new password, because the demo’s sign-ins were not kept",
        )
    return {"function": seat.function, "username": seat.username, "password": password, "name": seat.name}


def _source(name: str, kinds: Sequence[Kind], existing: DemoAccess, administrator: User) -> list[dict[str, str]]:
    """One entry a kind; the key is the known one if it is still stored, else a new one."""
    source = Source.objects.filter(name=name).first() or create_source(name, kinds, acting_user=administrator)
    known = next((s["key"] for s in existing.sources if s["kind"] == kinds[0].value), "")
    if not SourceKey.objects.filter(source=source, digest=key_digest(known)).exists():
        known = make_key(source, acting_user=administrator)
    return [{"kind": kind.value, "id": str(source.pk), "key": known} for kind in kinds]


def _new_password() -> str:
    return "-".join("".join(secrets.choice(ALPHABET) for _ in range(4)) for _ in range(4))
