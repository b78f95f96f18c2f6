"""What is held on a contact for tax: told in their export; it names nobody, so erasure has nothing to strike."""

from collections.abc import Sequence
from typing import Any

from accounts.contacts.holdings import Holding
from accounts.contacts.rules import Names
from rewards.tax.models import TaxablePayment, TaxProfile
from rewards.tax.received import IS_GIVEN_BACK


def _rows(contact_id: int, account_ids: Sequence[int], names: Names) -> list[dict[str, Any]]:
    profile = TaxProfile.objects.filter(pk=contact_id).values("recipient", "country", "form_filed_on", "has_tax_number")
    payments = TaxablePayment.objects.filter(contact_id=contact_id).values(
        *("paid_on", "country", "amount", "currency"), given_back=IS_GIVEN_BACK
    )
    return [{"what": "profile", **row} for row in profile] + [{"what": "payment", **row} for row in payments]


def _strike(account_ids: Sequence[int], names: Names) -> None:
    """Money facts stay; they hold no name."""


TAX = Holding("tax", _rows, _strike)
