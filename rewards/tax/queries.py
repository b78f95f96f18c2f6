"""Who received what in a calendar year, whether it is reported, and what were price reductions of companies."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from django.db.models import Count, Sum
from django.db.models.functions import ExtractYear
from django.utils import timezone

from accounts.records.models import Account, Contact
from rewards.ledger.models import PostingLine
from rewards.ledger.rules import Book
from rewards.tax.received import received
from rewards.tax.rules import Recipient, Threshold, form_due, is_reached, threshold_of, withholding_percent
from rewards.tax.verbs import thresholds_now

CSV_HEADER = (
    *("contact", "email", "external_id", "account", "country", "year", "payments", "total", "currency"),
    *("threshold", "form", "form on file since", "tax number on file", "withholding percent"),
)
REDUCTIONS_HEADER = ("account", "external_id", "year", "price reductions", "currency")


@dataclass(frozen=True)
class Received:
    """What one person received in one country and calendar year; money in `currency`."""

    contact: Contact
    account: Account
    country: str
    year: int
    payments: int
    total: Decimal
    currency: str
    threshold: Threshold | None
    form: str
    withholding: Decimal
    form_filed_on: Any
    has_tax_number: bool

    @property
    def status(self) -> str:
        """The name of a status."""
        if self.form and self.form_filed_on is None and is_reached(self.total, self.threshold):
            return "form_missing"
        return "reported" if self.form else "below"


def people(year: int) -> list[Received]:
    """Everybody who received something taxed in a year and kept it, the largest total first; a handful of queries."""
    groups: list[Any] = list(
        received()
        .filter(paid_on__year=year)
        .values("contact_id", "account_id", "country", "currency")
        .annotate(total=Sum("amount"), payments=Count("id"))
        .order_by("-total", "contact_id")
    )
    contacts = Contact.objects.select_related("tax_profile").in_bulk([group["contact_id"] for group in groups])
    accounts = Account.objects.in_bulk([group["account_id"] for group in groups])
    thresholds = thresholds_now()
    return [_received(contacts[g["contact_id"]], accounts[g["account_id"]], year, g, thresholds) for g in groups]


def _received(
    contact: Contact, account: Account, year: int, group: Mapping[str, Any], thresholds: Sequence[Threshold]
) -> Received:
    profile = getattr(contact, "tax_profile", None)
    recipient = Recipient(profile.recipient) if profile else Recipient.INDIVIDUAL
    has_number = bool(profile and profile.has_tax_number)
    threshold = threshold_of(group["country"], year, thresholds)
    if threshold is not None and threshold.currency != group["currency"]:
        threshold = None
    return Received(
        contact=contact,
        account=account,
        country=group["country"],
        year=year,
        payments=group["payments"],
        total=group["total"],
        currency=group["currency"],
        threshold=threshold,
        form=form_due(recipient, group["country"], group["total"], threshold),
        withholding=withholding_percent(recipient, group["country"], has_tax_number=has_number),
        form_filed_on=profile.form_filed_on if profile else None,
        has_tax_number=has_number,
    )


def people_rows(found: Sequence[Received]) -> Iterator[list[object]]:
    """The year-end list as lines of a CSV file."""
    for r in found:
        limit = r.threshold.amount if r.threshold else None
        yield [
            *(r.contact.name, r.contact.email, r.contact.external_id, r.account.name, r.country, r.year, r.payments),
            *(r.total, r.currency, limit, r.form, r.form_filed_on, r.has_tax_number, r.withholding),
        ]


def reductions(year: int) -> list[Any]:
    """What credits took off companies' own invoices in a year: price reductions, net of those given back."""
    return list(
        PostingLine.objects.filter(ledger_account__code=Book.RECEIVABLE.value, posting__booked_on__year=year)
        .values("posting__account__name", "posting__account__external_id", "posting__account_id", "currency")
        .annotate(total=-Sum("amount"))
        .exclude(total=0)
        .order_by("-total", "posting__account_id")
    )


def reduction_rows(year: int) -> Iterator[list[object]]:
    """The same as lines of a CSV file."""
    for row in reductions(year):
        yield [
            *(row["posting__account__name"], row["posting__account__external_id"], year),
            *(row["total"], row["currency"]),
        ]


def years() -> list[int]:
    """The years in which somebody received something taxed, and this one, the newest first."""
    paid = received().annotate(year=ExtractYear("paid_on")).values_list("year", flat=True).distinct()
    return sorted({timezone.now().year, *paid}, reverse=True)


def over_under(thresholds: Sequence[Threshold]) -> int:
    """How many persons reach one of these thresholds by this year's payments so far."""
    year = timezone.now().year
    groups = (
        received()
        .filter(paid_on__year=year)
        .values("contact_id", "country", "currency")
        .annotate(total=Sum("amount"))
        .order_by()
    )
    return sum(
        is_reached(group["total"], threshold)
        for group in groups
        if (threshold := threshold_of(group["country"], year, thresholds)) and threshold.currency == group["currency"]
    )
