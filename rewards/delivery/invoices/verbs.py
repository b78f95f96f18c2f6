"""Finance's choice how credits reach invoices, and sending again what billing did not take."""

from collections.abc import Mapping
from typing import Any

from django.db import transaction
from django.utils import timezone

from accounts.records.rules import InvoiceStatus
from loyalty.core.audit.rules import AuditVerb
from loyalty.core.audit.verbs import record, record_edit
from loyalty.core.doorbell.verbs import ring_on_commit
from loyalty.core.errors import DomainError
from loyalty.core.people.models import User
from loyalty.core.people.permissions import check_member
from loyalty.core.people.rules import Function
from rewards.delivery.invoices.models import BalanceChange, BillingSettings, InvoiceCredit
from rewards.delivery.invoices.rules import CONNECTOR_LABELS, ChangeState, Connector, CreditState
from rewards.delivery.outgoing.endpoints import WEBHOOKS


def settings_now() -> BillingSettings:
    """How credits reach invoices; the defaults, not written, before anybody chose."""
    return BillingSettings.objects.filter(pk=1).first() or BillingSettings(pk=1)


def ensure_settings() -> BillingSettings:
    """The same, written."""
    return BillingSettings.objects.get_or_create(pk=1)[0]


@transaction.atomic
def write_settings(settings_id: int, values: Mapping[str, Any], acting_user: User, reason: str) -> None:
    """Make the values the next version, for invoices that are made from now on."""
    kept = BillingSettings.objects.select_for_update(no_key=True).get(pk=settings_id)
    before = _choice(kept)
    kept.connector, kept.version = values["connector"], kept.version + 1
    kept.save()
    record_edit(
        acting_user=acting_user,
        object_type="billing_settings",
        object_id=kept.pk,
        object_label=str(kept),
        before=before,
        after=_choice(kept),
        version=kept.version,
        reason=reason,
    )


def _choice(kept: BillingSettings) -> dict[str, str]:
    return {"credits reach invoices": CONNECTOR_LABELS[Connector(kept.connector)]}


@transaction.atomic
def send_again(credit_id: int, *, acting_user: User) -> InvoiceCredit:
    """Ask billing again for what it was asked in vain: what failed as it was, what it refused by credit used anew.

    Raises NotAllowed unless the person is in Finance, DomainError when nothing failed, and for what was refused once
    its invoice is no draft any more.
    """
    check_member(acting_user, Function.FINANCE)
    rows = InvoiceCredit.objects.select_for_update(of=("self",), no_key=True).select_related("invoice__account")
    credit, before = rows.get(pk=credit_id), ""
    failed = BalanceChange.objects.filter(credit=credit, state=ChangeState.FAILED)
    if failed.update(state=ChangeState.WAITING, due_at=timezone.now(), tries=0, ended_at=None):
        before = ChangeState.FAILED.value
    elif credit.state == CreditState.REFUSED and credit.invoice.status == InvoiceStatus.DRAFT:
        before = credit.state
        credit.state, credit.attempt, credit.posting, credit.amount = (
            CreditState.DUE.value,
            credit.attempt + 1,
            None,
            None,
        )
        credit.save(update_fields=["state", "attempt", "posting", "amount"])
    elif credit.state == CreditState.REFUSED:
        raise DomainError("Billing has finalised this invoice: credit cannot lower it any more.")
    else:
        raise DomainError("Billing took this one, or is still being asked: there is nothing to send again.")
    record(
        AuditVerb.CREDIT_SENT_AGAIN,
        acting_user=acting_user,
        object_type="invoice_credit",
        object_id=credit.pk,
        object_label=f"{credit.invoice} of {credit.invoice.account}",
        before={"state": before},
        after={"attempt": credit.attempt},
    )
    ring_on_commit(WEBHOOKS)
    return credit
