"""Adding an account by hand: enough to begin with where no CRM is connected."""

from uuid import uuid4

from django.db import transaction
from django.utils import timezone

from accounts.facts.verbs import refresh
from accounts.records.models import Account
from accounts.sources.queries import record_of
from accounts.sources.rules import Kind
from loyalty.core.audit.rules import AuditVerb
from loyalty.core.audit.verbs import record
from loyalty.core.errors import DomainError
from loyalty.core.people.models import User
from loyalty.core.people.permissions import check_member
from loyalty.core.people.rules import Function


@transaction.atomic
def add_account(
    *, name: str, external_id: str, industry: str, employee_count: int | None, goals: str, acting_user: User
) -> Account:
    """Make an account and its facts of today (UTC); what nobody told stays unknown.

    `external_id` is the id by which the product will name it, made up when empty.
    Raises NotAllowed unless a member of CS acts, DomainError when a source is the
    system of record for accounts or the id is taken.
    """
    check_member(acting_user, Function.CS)
    if source := record_of(Kind.ACCOUNT):
        raise DomainError(f"{source} is the system of record for accounts. Add it there; it comes here by itself.")
    account, is_new = Account.objects.get_or_create(
        external_id=external_id or f"hand-{uuid4().hex[:12]}",
        defaults={
            "name": name,
            "industry": industry,
            "employee_count": employee_count,
            "goals": goals,
            "cs_manager": acting_user,
        },
    )
    if not is_new:
        raise DomainError(f"{account.name} has this id already.")
    record(
        AuditVerb.CREATED,
        acting_user=acting_user,
        object_type="account",
        object_id=account.pk,
        object_label=account.name,
        after={"id": account.external_id, "industry": industry, "employees": employee_count},
    )
    today = timezone.now().date()
    refresh([account.pk], today, today)
    return account
