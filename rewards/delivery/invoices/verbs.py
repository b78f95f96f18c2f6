"""Lowering invoices by credit, giving it back when one is void, and Finance's choice how."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from django.db import transaction

from accounts.records.rules import InvoiceStatus
from loyalty.core.audit.rules import AuditVerb
from loyalty.core.audit.verbs import record
from loyalty.core.people.models import User
from rewards.delivery.invoices.models import BillingSettings, InvoiceCredit
from rewards.delivery.invoices.queries import taken_by
from rewards.delivery.invoices.rules import CONNECTOR_LABELS, Connector, CreditState
from rewards.ledger.invoices import redeem_up_to, void

A_STEP = 200


def settle_invoices(now: datetime, *, limit: int = A_STEP) -> int:
    """Lower the invoices that wait for it, and give back what void ones took; returns how many were settled.

    Each is a transaction of its own. Safe to run twice and on several workers.
    """
    settled = 0
    while settled < limit and _settle_one(now):
        settled += 1
    return settled


@transaction.atomic
def _settle_one(now: datetime) -> bool:
    waiting = InvoiceCredit.objects.select_for_update(of=("self",), skip_locked=True, no_key=True)
    rows = waiting.filter(state__in=[CreditState.DUE.value, CreditState.VOIDED.value]).order_by("id")
    credit = rows.select_related("invoice", "posting").first()
    if credit is None:
        return False
    if credit.state == CreditState.VOIDED:
        _give_back(credit, now)
    else:
        _apply(credit, now)
    credit.save(update_fields=["state", "amount", "posting", "applied_at"])
    return True


def _apply(credit: InvoiceCredit, now: datetime) -> None:
    invoice = credit.invoice
    used = None
    if invoice.status == InvoiceStatus.OPEN and invoice.due > 0:
        used = redeem_up_to(
            invoice.account_id,
            invoice.due,
            invoice.currency,
            request=f"invoice:{invoice.pk}",
            invoice=invoice.number or invoice.external_id,
            booked_on=now.date(),
            acting_user=None,
        )
    if used is None:
        credit.state = CreditState.NOTHING.value
        return
    credit.posting, credit.amount, credit.applied_at = used, taken_by(used), now
    credit.state = CreditState.APPLIED.value


def _give_back(credit: InvoiceCredit, now: datetime) -> None:
    credit.state = CreditState.GIVEN_BACK.value
    if credit.posting is not None:
        void(credit.posting, f"{credit.invoice} is void", booked_on=now.date(), acting_user=None)


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
    before = CONNECTOR_LABELS[Connector(kept.connector)]
    kept.connector, kept.version = values["connector"], kept.version + 1
    kept.save()
    record(
        AuditVerb.EDITED,
        acting_user=acting_user,
        object_type="billing_settings",
        object_id=kept.pk,
        object_label=str(kept),
        before={"credits reach invoices": before, "version": kept.version - 1},
        after={"credits reach invoices": CONNECTOR_LABELS[Connector(kept.connector)], "version": kept.version},
        reason=reason,
    )
