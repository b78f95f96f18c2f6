"""Reading referrals: who referred whom, whether the referred paid its first invoice, and the offers that this made."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from itertools import islice

from django.db.models import DateField, F, Q, QuerySet, Value
from django.db.models.functions import Coalesce

from accounts.records.models import Account
from accounts.referrals.models import Referral
from accounts.referrals.registry import OfferMade, offers_made

NEWEST_FIRST = ("-by_sign_up", "-id")
NO_DAY = date(1970, 1, 2)
A_CHUNK = 500
CSV_HEADER = (
    "referrer",
    "referrer_external_id",
    "referred",
    "referred_external_id",
    "signed_up_on",
    "first_invoice_paid_at",
    "offers",
    "offer_states",
)


@dataclass(frozen=True)
class Line:
    """One referral: `referrer` is None when no account has the external id that was told; `converted` once it paid."""

    referred: Account
    referrer: Account | None
    converted: Referral | None
    offers: Sequence[OfferMade]


def listed(paid: str = "", account: Account | None = None) -> QuerySet[Account]:
    """The accounts that were referred, to be sorted by NEWEST_FIRST: all, or those from or to one account.

    `paid`: "yes" or "no" for those that did, or did not yet, pay a first invoice.
    """
    rows = Account.objects.exclude(referred_by="").exclude(referred_by=F("external_id")).select_related("referral")
    rows = rows.annotate(by_sign_up=Coalesce("signed_up_on", Value(NO_DAY), output_field=DateField()))
    if paid:
        rows = rows.filter(referral__isnull=paid == "no")
    return rows.filter(Q(referred_by=account.external_id) | Q(pk=account.pk)) if account else rows


def lines(rows: Sequence[Account]) -> list[Line]:
    """Rows of `listed()` for the page, with three questions however many they are."""
    known = {a.external_id: a for a in Account.objects.filter(external_id__in={row.referred_by for row in rows})}
    paid: dict[int, Referral] = {row.pk: row.referral for row in rows if hasattr(row, "referral")}
    made = offers_made([referral.pk for referral in paid.values()])
    offers = {account: made.get(referral.pk, []) for account, referral in paid.items()}
    return [Line(row, known.get(row.referred_by), paid.get(row.pk), offers.get(row.pk, [])) for row in rows]


def csv_rows(rows: QuerySet[Account]) -> Iterator[list[object]]:
    """The list by CSV_HEADER, streamed."""
    left = rows.order_by(*NEWEST_FIRST).iterator(chunk_size=A_CHUNK)
    while chunk := list(islice(left, A_CHUNK)):
        for line in lines(chunk):
            told = line.referred
            yield [
                line.referrer.name if line.referrer else "",
                told.referred_by,
                told.name,
                told.external_id,
                told.signed_up_on,
                line.converted.converted_at if line.converted else None,
                "; ".join(offer.label for offer in line.offers),
                "; ".join(offer.state for offer in line.offers),
            ]


def of_account(account: Account, limit: int) -> list[Line]:
    """The latest referrals from or to an account."""
    return lines(list(listed(account=account).order_by(*NEWEST_FIRST)[:limit]))
