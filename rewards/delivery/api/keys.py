"""Making and revoking keys of the rewards API; who shows one. Administrators only; each step leaves an audit line.

They are not the write keys of sources: those may stand in a browser, and must not spend anybody's credit.
"""

from django.db import transaction
from django.utils import timezone

from accounts.sources.rules import key_digest
from loyalty.core.audit.rules import AuditVerb
from loyalty.core.audit.verbs import record
from loyalty.core.errors import DomainError
from loyalty.core.people.models import User
from loyalty.core.people.permissions import check_administrator
from rewards.delivery.api.models import ApiKey
from rewards.delivery.api.rules import new_key


def key_of(text: str) -> ApiKey | None:
    """The key that works under this text; None when none does."""
    return ApiKey.objects.filter(digest=key_digest(text), revoked_at=None).first() if text else None


@transaction.atomic
def make_key(name: str, *, may_redeem: bool, acting_user: User) -> str:
    """Make a key and return it, the only time that it can be seen. Keys before it go on working until revoked.

    Raises NotAllowed unless an administrator acts, DomainError without a name.
    """
    check_administrator(acting_user)
    if not name.strip():
        raise DomainError("Say which program the key is for.")
    key = new_key()
    made = ApiKey.objects.create(name=name.strip(), digest=key_digest(key), hint=key[-4:], may_redeem=may_redeem)
    record(
        AuditVerb.API_KEY_MADE,
        acting_user=acting_user,
        object_type="api_key",
        object_id=made.pk,
        object_label=made.name,
        after={"key": f"…{made.hint}", "may redeem": may_redeem},
    )
    return key


@transaction.atomic
def revoke_key(key_id: int, *, acting_user: User) -> ApiKey:
    """Let a key work no longer. Raises NotAllowed unless an administrator acts, DomainError when it was revoked."""
    check_administrator(acting_user)
    key = ApiKey.objects.select_for_update().get(pk=key_id)
    if key.revoked_at is not None:
        raise DomainError("This key works no longer already.")
    key.revoked_at = timezone.now()
    key.save(update_fields=["revoked_at"])
    record(
        AuditVerb.API_KEY_REVOKED,
        acting_user=acting_user,
        object_type="api_key",
        object_id=key.pk,
        object_label=key.name,
        before={"key": f"…{key.hint}"},
        after={"works until": key.revoked_at.isoformat()},
    )
    return key
