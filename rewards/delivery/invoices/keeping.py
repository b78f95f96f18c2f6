"""Credit that an invoice took comes back with the invoice: reversed by hand, it could be used a second time."""

from rewards.delivery.invoices.models import InvoiceCredit
from rewards.ledger.keepers import Keeper
from rewards.ledger.models import Posting


def _keeps(posting: Posting) -> str:
    held = InvoiceCredit.objects.filter(posting=posting).select_related("invoice").first()
    if held is None:
        return ""
    name = held.invoice.number or held.invoice.external_id
    return f"Invoice {name} was lowered by this credit. Void it in billing, and the credit comes back by itself."


ON_INVOICES = Keeper("invoices", keeps=_keeps)
