"""How Finance's choice of the way to invoices is changed: at once while nothing goes there, else by request."""

from typing import Any

from django.urls import reverse

from loyalty.core.changes.registry import Changeable, Live, Values, anew_at
from loyalty.core.errors import DomainError
from loyalty.core.people.rules import Function
from rewards.delivery.billing.connecting import connection_now
from rewards.delivery.invoices.models import BillingSettings, InvoiceCredit
from rewards.delivery.invoices.rules import CONNECTOR_LABELS, Connector, CreditState, clean_values
from rewards.delivery.invoices.verbs import write_settings

KIND = "billing_settings"


def read(settings_id: int, lock: bool) -> Live:
    """The choice as it stands now."""
    rows = BillingSettings.objects.select_for_update(no_key=True) if lock else BillingSettings.objects.all()
    kept = rows.filter(pk=settings_id).first()
    if kept is None:
        raise LookupError("There are no billing settings yet")
    return Live(
        label=str(kept),
        url=reverse("invoice-credits"),
        version=kept.version,
        values={"connector": kept.connector},
        is_live=kept.connector != Connector.OFF,
    )


def clean(settings_id: int, values: Values) -> dict[str, Any]:
    """A valid choice, or DomainError in words."""
    wanted = clean_values(values)
    if wanted["connector"] == Connector.STRIPE and connection_now() is None:
        raise DomainError("Stripe is not connected. Finance connects it under Settings, Billing.")
    return wanted


def impact(settings_id: int, values: Values) -> list[str]:
    """How many invoices were lowered so far."""
    count = InvoiceCredit.objects.filter(state=CreditState.APPLIED.value).count()
    return [f"{count:,} invoices were lowered by credit so far; those stay as they are."]


def _in_words(field: str, value: Any) -> str:
    return CONNECTOR_LABELS[Connector(value)]


BILLING = Changeable(
    kind=KIND,
    label="credits on invoices",
    owner_of=lambda settings_id, fields: Function.FINANCE,
    read=read,
    clean=clean,
    impact=impact,
    apply=write_settings,
    field_labels={"connector": "Credits reach invoices"},
    in_words=_in_words,
    edit_url=lambda object_id, change_id: anew_at(reverse("invoice-credits"), change_id),
)
