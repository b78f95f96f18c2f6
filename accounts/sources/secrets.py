"""Secrets that sources sign their webhooks with: used on every call, so sealed and not digested.

Invariants: a secret is shown by nobody once it is set; what is stored can be
read only with SECRET_KEY (or one of SECRET_KEY_FALLBACKS); secrets of one
source and scheme overlap while one is rotated out.
"""

import hmac
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import Q
from django.utils import timezone

from accounts.sources.models import Source, SourceSecret
from accounts.sources.queries import Sender
from accounts.sources.rules import KEY_OVERLAP, SCHEME_LABELS, Kind, Scheme, new_secret
from loyalty.core.audit.rules import AuditVerb
from loyalty.core.audit.verbs import record
from loyalty.core.errors import DomainError
from loyalty.core.people.models import User
from loyalty.core.people.permissions import check_administrator
from loyalty.core.prepared import run_prepared
from loyalty.core.sealing import seal, unseal

# Changing this text makes every stored secret unreadable.
PURPOSE = "loyalty: signing secrets of sources"

# One round trip, by hand: this is asked on every webhook.
_SIGNER = """
SELECT s.id, s.name,
       ARRAY(SELECT kind::text FROM accounts_sourcekind WHERE source_id = s.id AND is_active),
       ARRAY(SELECT sealed FROM accounts_sourcesecret
             WHERE source_id = s.id AND scheme = %(scheme)s AND (expires_at IS NULL OR expires_at > %(now)s)
             ORDER BY id DESC)
FROM accounts_source s WHERE s.id = %(source)s
"""


@dataclass(frozen=True)
class Signer:
    """A source that signs, and the secrets that it may sign with now, the newest first."""

    sender: Sender
    secrets: tuple[str, ...]


def signer_of(source_id: int, scheme: Scheme, *, now: datetime) -> Signer | None:
    """The source of a webhook address; None when there is no such source. It may have no secret (any more)."""
    parameters = {"source": source_id, "scheme": scheme.value, "now": now}
    rows = run_prepared(_SIGNER, parameters)
    if not rows:
        return None
    ((pk, name, kinds, sealed),) = rows
    opened = [unseal(text, PURPOSE) for text in sealed]
    return Signer(
        Sender(pk, name, frozenset(Kind(k) for k in kinds)),
        tuple(secret for secret in opened if secret is not None),
    )


@transaction.atomic
def make_secret(
    source: Source, scheme: Scheme = Scheme.STANDARD, *, acting_user: User | None, overlap: timedelta = KEY_OVERLAP
) -> str:
    """Make a secret and return it, the only time that it can be seen.

    Raises NotAllowed unless an administrator acts.
    """
    secret = new_secret()
    keep_secret(source, scheme, secret, acting_user=acting_user, overlap=overlap)
    return secret


@transaction.atomic
def keep_secret(
    source: Source, scheme: Scheme, secret: str, *, acting_user: User | None, overlap: timedelta = KEY_OVERLAP
) -> SourceSecret:
    """Keep a secret that the sending system has made.

    Secrets of the same scheme that work now go on working for `overlap` from
    now (default 24 hours). Raises NotAllowed unless an administrator acts (None
    is the set-up of an empty application), DomainError when it is kept already.
    """
    if acting_user is not None:
        check_administrator(acting_user)
    locked = Source.objects.select_for_update().get(pk=source.pk)
    now = timezone.now()
    working = locked.secrets.filter(Q(expires_at=None) | Q(expires_at__gt=now), scheme=scheme.value)
    if any(hmac.compare_digest((unseal(kept.sealed, PURPOSE) or "").encode(), secret.encode()) for kept in working):
        raise DomainError("This secret is set already.")
    ending = working.filter(Q(expires_at=None) | Q(expires_at__gt=now + overlap))
    hints = [f"…{hint}" for hint in ending.values_list("hint", flat=True)]
    ending.update(expires_at=now + overlap)
    made = SourceSecret.objects.create(
        source=locked, scheme=scheme.value, sealed=seal(secret, PURPOSE), hint=secret[-4:]
    )
    record(
        AuditVerb.SOURCE_SIGNING_SET,
        acting_user=acting_user,
        object_type="source",
        object_id=locked.pk,
        object_label=locked.name,
        before={"secrets": hints},
        after={
            "secret": f"…{made.hint}",
            "signs as": SCHEME_LABELS[scheme],
            "earlier secrets work until": (now + overlap).isoformat() if hints else None,
        },
    )
    return made


@transaction.atomic
def revoke_secret(secret: SourceSecret, *, acting_user: User) -> None:
    """Let a secret work no longer, from this moment on.

    Raises NotAllowed unless an administrator acts, DomainError when it has expired already.
    """
    check_administrator(acting_user)
    locked = SourceSecret.objects.select_for_update().select_related("source").get(pk=secret.pk)
    now = timezone.now()
    if locked.expires_at is not None and locked.expires_at <= now:
        raise DomainError("This secret works no longer already.")
    before = locked.expires_at
    locked.expires_at = now
    locked.save(update_fields=["expires_at"])
    record(
        AuditVerb.SOURCE_SIGNING_REVOKED,
        acting_user=acting_user,
        object_type="source",
        object_id=locked.source_id,
        object_label=locked.source.name,
        before={"secret": f"…{locked.hint}", "works until": before.isoformat() if before else None},
        after={"works until": now.isoformat()},
    )
