"""Making sources and their keys. Administrators only; every step leaves an audit line."""

from collections.abc import Iterable
from datetime import timedelta

from django.db import connection, transaction
from django.db.models import Q
from django.utils import timezone

from accounts.sources.models import Source, SourceKey, SourceKind
from accounts.sources.rules import KEY_OVERLAP, KIND_LABELS, Kind, key_digest, new_key
from loyalty.core.audit.rules import AuditVerb
from loyalty.core.audit.verbs import record
from loyalty.core.errors import DomainError
from loyalty.core.people.models import User
from loyalty.core.people.permissions import check_administrator


@transaction.atomic
def create_source(
    name: str,
    kinds: Iterable[Kind],
    *,
    acting_user: User | None,
    expected_every: timedelta = timedelta(days=1),
) -> Source:
    """Make a source; `acting_user` None is the set-up of an empty application.

    It becomes the system of record of those of its kinds that have none yet;
    for the others its data is kept as refused. Raises NotAllowed unless an
    administrator acts, DomainError when the name is taken.
    """
    _check(acting_user)
    wanted = sorted(set(kinds))
    source, made = Source.objects.get_or_create(name=name.strip(), defaults={"expected_every": expected_every})
    if not made:
        raise DomainError(f"There is a source called {source.name} already. Choose another name.")
    _alone()
    taken = set(SourceKind.objects.filter(is_active=True).values_list("kind", flat=True))
    SourceKind.objects.bulk_create(
        SourceKind(source=source, kind=kind.value, is_active=kind.value not in taken) for kind in wanted
    )
    record(
        AuditVerb.SOURCE_CREATED,
        acting_user=acting_user,
        object_type="source",
        object_id=source.pk,
        object_label=source.name,
        after={
            "name": source.name,
            "kinds": [KIND_LABELS[k] for k in wanted],
            "system of record for": [KIND_LABELS[k] for k in wanted if k.value not in taken],
        },
    )
    return source


@transaction.atomic
def make_system_of_record(source: Source, kind: Kind, *, acting_user: User) -> None:
    """Let this source be the one whose data of a kind is taken in, from this moment on.

    What it had refused so far stays refused until somebody sends it again.
    Raises NotAllowed unless an administrator acts, DomainError when it is that already.
    """
    _check(acting_user)
    _alone()
    locked = Source.objects.select_for_update(no_key=True).get(pk=source.pk)
    others = SourceKind.objects.filter(kind=kind.value, is_active=True).select_related("source")
    before = others.first()
    if before is not None and before.source_id == locked.pk:
        raise DomainError(f"{locked.name} is the system of record for {KIND_LABELS[kind]} already.")
    others.update(is_active=False)
    SourceKind.objects.update_or_create(source=locked, kind=kind.value, defaults={"is_active": True})
    record(
        AuditVerb.SOURCE_RECORD_SET,
        acting_user=acting_user,
        object_type="source",
        object_id=locked.pk,
        object_label=f"{KIND_LABELS[kind]}: {locked.name}",
        before={"system of record": before.source.name if before else None},
        after={"system of record": locked.name},
    )


@transaction.atomic
def expect_every(source: Source, expected_every: timedelta, *, acting_user: User) -> None:
    """Set how long the source may be silent before it is stale. Raises NotAllowed unless an administrator acts."""
    _check(acting_user)
    locked = Source.objects.select_for_update(no_key=True).get(pk=source.pk)
    before = locked.expected_every
    locked.expected_every = expected_every
    locked.save(update_fields=["expected_every"])
    record(
        AuditVerb.EDITED,
        acting_user=acting_user,
        object_type="source",
        object_id=locked.pk,
        object_label=locked.name,
        before={"expected at least every": _hours(before)},
        after={"expected at least every": _hours(expected_every)},
    )


def _hours(span: timedelta) -> str:
    return f"{span / timedelta(hours=1):g} hours"


@transaction.atomic
def make_key(source: Source, *, acting_user: User | None, overlap: timedelta = KEY_OVERLAP) -> str:
    """Make a key and return it, the only time that it can be seen.

    Keys that work now go on working for `overlap` from now (default 24 hours),
    so that senders can change over. Raises NotAllowed unless an administrator acts.
    """
    _check(acting_user)
    locked = Source.objects.select_for_update().get(pk=source.pk)
    until = timezone.now() + overlap
    ending = locked.keys.filter(Q(expires_at=None) | Q(expires_at__gt=until))
    hints = [f"…{hint}" for hint in ending.values_list("hint", flat=True)]
    ending.update(expires_at=until)
    key = new_key()
    made = SourceKey.objects.create(source=locked, digest=key_digest(key), hint=key[-4:])
    record(
        AuditVerb.SOURCE_KEY_MADE,
        acting_user=acting_user,
        object_type="source",
        object_id=locked.pk,
        object_label=locked.name,
        before={"keys": hints},
        after={"key": str(made), "earlier keys work until": until.isoformat() if hints else None},
    )
    return key


@transaction.atomic
def revoke_key(key: SourceKey, *, acting_user: User) -> None:
    """Let a key work no longer, from this moment on.

    Raises NotAllowed unless an administrator acts, DomainError when the key has
    expired already.
    """
    _check(acting_user)
    locked = SourceKey.objects.select_for_update().select_related("source").get(pk=key.pk)
    now = timezone.now()
    if locked.expires_at is not None and locked.expires_at <= now:
        raise DomainError("This key works no longer already.")
    before = locked.expires_at
    locked.expires_at = now
    locked.save(update_fields=["expires_at"])
    record(
        AuditVerb.SOURCE_KEY_REVOKED,
        acting_user=acting_user,
        object_type="source",
        object_id=locked.source_id,
        object_label=locked.source.name,
        before={"key": str(locked), "works until": before.isoformat() if before else None},
        after={"works until": now.isoformat()},
    )


def _alone() -> None:
    """Keep two administrators from making two systems of record of one kind at once."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(hashtextextended('systems of record', 0))")


def _check(acting_user: User | None) -> None:
    if acting_user is not None:
        check_administrator(acting_user)
