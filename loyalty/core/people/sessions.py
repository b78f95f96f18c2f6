"""Where a person is signed in, and being signed out elsewhere."""

from django.contrib.auth import update_session_auth_hash
from django.contrib.sessions.models import Session
from django.db import transaction
from django.http import HttpRequest
from django.utils import timezone

from loyalty.core.audit.rules import AuditVerb
from loyalty.core.audit.verbs import record
from loyalty.core.people.models import SignedIn, User


def note_session(request: HttpRequest, person: User, address: str) -> None:
    """Note that this browser is signed in now; called right after the sign-in."""
    request.session.save()
    SignedIn.objects.create(
        session_id=str(request.session.session_key),
        person=person,
        address=address,
        browser=request.headers.get("User-Agent", "")[:200],
    )


@transaction.atomic
def keep_only_here(request: HttpRequest, person: User, address: str) -> None:
    """Keep the person signed in here, where they have just changed their password, and nowhere else.

    The session gets another key, under which this browser has to be noted anew.
    """
    update_session_auth_hash(request, person)
    note_session(request, person, address)
    end_sessions(person, but=request.session.session_key)


def sessions_of(person: User) -> list[SignedIn]:
    """Where the person is signed in now, the newest first."""
    return list(SignedIn.objects.filter(person=person, session__expire_date__gt=timezone.now()))


def end_sessions(person: User, *, but: str | None = None) -> int:
    """Sign the person out everywhere, `but` for one session; returns how many ended."""
    rows = SignedIn.objects.filter(person=person)
    keys = list((rows.exclude(session_id=but) if but else rows).values_list("session_id", flat=True))
    Session.objects.filter(session_key__in=keys).delete()
    return len(keys)


@transaction.atomic
def end_others(*, acting_user: User, but: str | None) -> int:
    """Sign the acting person out everywhere else; returns in how many places."""
    ended = end_sessions(acting_user, but=but)
    record(
        AuditVerb.SIGNED_OUT,
        acting_user=acting_user,
        object_type="person",
        object_id=acting_user.pk,
        object_label=acting_user.display_name,
        after={"elsewhere": ended},
    )
    return ended
