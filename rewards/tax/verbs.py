"""What Finance keeps for tax: the thresholds (by change request) and what is known of a person."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from django.db import transaction

from accounts.records.models import Contact
from loyalty.core.audit.rules import AuditVerb
from loyalty.core.audit.verbs import record
from loyalty.core.errors import DomainError
from loyalty.core.people.models import User
from loyalty.core.people.permissions import check_member
from loyalty.core.people.rules import Function
from rewards.tax.models import TaxProfile, TaxRules, TaxRulesVersion
from rewards.tax.rules import RECIPIENT_LABELS, SHIPPED, Recipient, Threshold, thresholds_of


def rules_now() -> TaxRules:
    """The thresholds in force; those that are shipped, not written yet, before anybody changed them."""
    return TaxRules.objects.filter(pk=1).first() or TaxRules(pk=1, values=dict(SHIPPED))


def thresholds_now() -> list[Threshold]:
    """The same, to ask."""
    return thresholds_of(rules_now().values)


@transaction.atomic
def ensure_rules() -> TaxRules:
    """The thresholds, written: the shipped ones when there are none."""
    rules, is_new = TaxRules.objects.get_or_create(pk=1, defaults={"values": dict(SHIPPED)})
    if is_new:
        TaxRulesVersion.objects.create(version=1, values=rules.values)
        record(
            AuditVerb.CREATED,
            acting_user=None,
            object_type="tax_rules",
            object_id=1,
            object_label=str(rules),
            after=_told(rules.values),
            reason="Shipped with the application",
        )
    return rules


@transaction.atomic
def write_rules(rules_id: int, values: Mapping[str, Any], acting_user: User, reason: str) -> None:
    """Make the values the next version, for all that is paid from now on."""
    rules = TaxRules.objects.select_for_update(no_key=True).get(pk=rules_id)
    before = dict(rules.values)
    rules.values, rules.version = dict(values), rules.version + 1
    rules.save()
    TaxRulesVersion.objects.create(version=rules.version, values=rules.values)
    record(
        AuditVerb.EDITED,
        acting_user=acting_user,
        object_type="tax_rules",
        object_id=rules.pk,
        object_label=str(rules),
        before=_told(before) | {"version": rules.version - 1},
        after=_told(rules.values) | {"version": rules.version},
        reason=reason,
    )


def profile_of(contact: Contact) -> TaxProfile:
    """What is known of a person; the defaults, not written, when nothing is."""
    return TaxProfile.objects.filter(pk=contact.pk).first() or TaxProfile(contact=contact)


@dataclass(frozen=True)
class Known:
    """What Finance says of a person; `country` "" is that of their account."""

    recipient: Recipient
    country: str
    form_filed_on: date | None
    has_tax_number: bool


@transaction.atomic
def set_profile(contact_id: int, known: Known, *, acting_user: User) -> TaxProfile:
    """Keep what is known of a person for tax; from then on their rewards wait no longer, if the form is on file.

    Raises NotAllowed unless a member of Finance acts, DomainError for a country that is none.
    """
    check_member(acting_user, Function.FINANCE)
    if known.country and not (len(known.country) == 2 and known.country.isascii() and known.country.isupper()):
        raise DomainError("Write the country as two capital letters, such as US.")
    contact = Contact.objects.select_for_update(no_key=True).get(pk=contact_id)
    profile = profile_of(contact)
    before = _profile_told(profile)
    profile.recipient, profile.country = known.recipient.value, known.country
    profile.form_filed_on, profile.has_tax_number = known.form_filed_on, known.has_tax_number
    if before != _profile_told(profile):
        profile.save()
        record(
            AuditVerb.EDITED,
            acting_user=acting_user,
            object_type="tax_profile",
            object_id=contact.pk,
            object_label=f"contact {contact.pk}",
            before=before,
            after=_profile_told(profile),
        )
    return profile


def _profile_told(profile: TaxProfile) -> dict[str, Any]:
    return {
        "recipient": RECIPIENT_LABELS[Recipient(profile.recipient)],
        "country": profile.country,
        "form on file since": profile.form_filed_on.isoformat() if profile.form_filed_on else None,
        "tax number on file": profile.has_tax_number,
    }


def _told(values: Mapping[str, Any]) -> dict[str, Any]:
    return {"thresholds": [t.in_words for t in thresholds_of(values)]}
