"""What Customer Success says of contacts. The audit tells it without names: it can never forget one."""

from django.db import transaction

from accounts.privacy.queries import erasure_of
from accounts.privacy.verbs import unnamed
from accounts.records.models import Account, Contact
from accounts.records.rules import ContactRole
from loyalty.core.audit.rules import AuditVerb
from loyalty.core.audit.verbs import record
from loyalty.core.errors import DomainError
from loyalty.core.people.models import User
from loyalty.core.people.permissions import check_member
from loyalty.core.people.rules import Function


@transaction.atomic
def set_role(contact: Contact, role: ContactRole, *, acting_user: User) -> Contact:
    """Give a contact a role at their account; who was champion or economic buyer before becomes a user.

    Raises NotAllowed unless a member of CS acts, DomainError when the contact has
    the role already, is at no account, or was erased.
    """
    check_member(acting_user, Function.CS)
    # The account first: two colleagues who choose at once choose one after the other.
    Account.objects.select_for_update(no_key=True).filter(contacts=contact).first()
    chosen = Contact.objects.select_for_update(no_key=True, of=("self",)).select_related("account").get(pk=contact.pk)
    if chosen.account is None:
        raise DomainError("This contact is at no account yet, so they can have no role there.")
    if erasure_of(chosen):
        raise DomainError("This contact was erased. Choose somebody else.")
    if chosen.role == role.value:
        raise DomainError(f"They are {words(role)} already.")
    before = {"role": chosen.get_role_display()}
    if role is not ContactRole.USER:
        others = Contact.objects.filter(account=chosen.account, role=role.value)
        if displaced := list(others.order_by("pk").values_list("pk", flat=True)):
            before[f"{words(role)} before"] = ", ".join(f"contact {pk}" for pk in displaced)
        others.update(role=ContactRole.USER.value)
    chosen.role = role.value
    chosen.save(update_fields=["role"])
    record(
        AuditVerb.CONTACT_ROLE_SET,
        acting_user=acting_user,
        object_type="contact",
        object_id=chosen.pk,
        object_label=unnamed(chosen),
        before=before,
        after={"role": chosen.get_role_display()},
    )
    return chosen


def words(role: ContactRole) -> str:
    """A role as people say it: “economic buyer”."""
    return role.value.replace("_", " ")
