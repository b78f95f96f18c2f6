"""The secrets that messages to an endpoint are signed with: ours to make, shown once, sealed, rotated with overlap."""

from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import Q, QuerySet
from django.utils import timezone

from accounts.sources.rules import new_secret
from loyalty.core.audit.rules import AuditVerb
from loyalty.core.audit.verbs import record
from loyalty.core.errors import DomainError
from loyalty.core.people.models import User
from loyalty.core.people.permissions import check_administrator
from loyalty.core.sealing import seal, unseal
from rewards.delivery.outgoing.models import Endpoint, EndpointSecret
from rewards.delivery.outgoing.rules import SECRET_OVERLAP

# Changing this text makes every stored secret unreadable.
PURPOSE = "loyalty: signing secrets of endpoints"


def working(endpoint_id: int, *, now: datetime) -> QuerySet[EndpointSecret]:
    """The secrets that sign now, the newest first."""
    return EndpointSecret.objects.filter(endpoint_id=endpoint_id).exclude(expires_at__lte=now)


def opened(endpoint_id: int, *, now: datetime) -> list[str]:
    """The same as text; one that cannot be read any more is left out."""
    sealed = working(endpoint_id, now=now).values_list("sealed", flat=True)
    return [secret for text in sealed if (secret := unseal(text, PURPOSE)) is not None]


@transaction.atomic
def make_secret(endpoint: Endpoint, *, acting_user: User, overlap: timedelta = SECRET_OVERLAP) -> str:
    """Make a secret and return it, the only time that it can be seen; those before it sign for `overlap` more.

    Raises NotAllowed unless an administrator acts.
    """
    check_administrator(acting_user)
    locked = Endpoint.objects.select_for_update(no_key=True).get(pk=endpoint.pk)
    until = timezone.now() + overlap
    ending = locked.secrets.filter(Q(expires_at=None) | Q(expires_at__gt=until))
    hints = [f"…{hint}" for hint in ending.values_list("hint", flat=True)]
    ending.update(expires_at=until)
    secret = new_secret()
    EndpointSecret.objects.create(endpoint=locked, sealed=seal(secret, PURPOSE), hint=secret[-4:])
    record(
        AuditVerb.WEBHOOK_SIGNING_SET,
        acting_user=acting_user,
        object_type="endpoint",
        object_id=locked.pk,
        object_label=locked.name,
        before={"secrets": hints},
        after={"secret": f"…{secret[-4:]}", "earlier secrets sign until": until.isoformat() if hints else None},
    )
    return secret


@transaction.atomic
def revoke_secret(secret: EndpointSecret, *, acting_user: User) -> None:
    """Let a secret sign no longer.

    Raises NotAllowed unless an administrator acts, DomainError when it has ended already and when it is the only one.
    """
    check_administrator(acting_user)
    endpoint = Endpoint.objects.select_for_update(no_key=True).get(pk=secret.endpoint_id)
    now = timezone.now()
    still = list(working(endpoint.pk, now=now))
    if secret not in still:
        raise DomainError("This secret signs no longer already.")
    if len(still) == 1:
        raise DomainError("This is the only secret that signs. Make a new one first.")
    EndpointSecret.objects.filter(pk=secret.pk).update(expires_at=now)
    record(
        AuditVerb.WEBHOOK_SIGNING_REVOKED,
        acting_user=acting_user,
        object_type="endpoint",
        object_id=endpoint.pk,
        object_label=endpoint.name,
        before={"secret": f"…{secret.hint}", "signs until": secret.expires_at and secret.expires_at.isoformat()},
        after={"signs until": now.isoformat()},
    )
