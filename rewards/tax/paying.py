"""Rewards that a person is taxed for: they wait at the threshold for a form, and are kept once delivered.

A reward that lowers a company's own invoice is a price reduction and no payment
to anybody, so it never gets here: it is not `taxable` in the catalogue.
"""

from datetime import date
from decimal import Decimal

from django.db.models import Sum

from accounts.records.models import Contact
from loyalty.core.money import money
from rewards.offers.delivering import Watch
from rewards.offers.models import Offer
from rewards.tax.models import TaxablePayment, TaxProfile
from rewards.tax.received import received
from rewards.tax.rules import Recipient, must_wait, threshold_of
from rewards.tax.verbs import profile_of, thresholds_now


def waits_for(offer: Offer, day: date) -> str:
    """Why a taxed reward cannot reach its contact on this day (UTC) yet; "" when it can.

    One delivery to a contact at a time, so that two together do not pass below a threshold that they reach.
    """
    if not _is_taxed(offer):
        return ""
    if offer.contact_id is None:
        return "This reward is taxed to a person, and it is addressed to nobody. Address it to a contact first."
    contact = Contact.objects.select_for_update(no_key=True).get(pk=offer.contact_id)
    profile = profile_of(contact)
    recipient, country = Recipient(profile.recipient), _country(profile, offer)
    if profile.form_filed_on or recipient in (Recipient.EMPLOYEE, Recipient.CORPORATION):
        return ""
    if not country:
        return f"The country of {contact} is not known, so neither is the tax threshold. Finance sets it on /tax/."
    threshold = threshold_of(country, day.year, thresholds_now())
    if threshold is None:
        return ""
    if offer.currency != threshold.currency:
        return (
            f"Its value is in {offer.currency} and the threshold of {country} in {threshold.currency}:"
            f" it waits until the tax form of {contact} is on file."
        )
    total = paid_in(contact.pk, country, day.year, offer.currency) + offer.face_value
    if not must_wait(recipient, total, threshold, has_form=False):
        return ""
    return (
        f"With this reward {contact} has received {money(total, offer.currency)} in {day.year}, and"
        f" {money(threshold.amount, threshold.currency)} is the threshold of {country}: it waits until their tax form"
        " is on file."
    )


def note(offer: Offer, day: date) -> None:
    """Keep that a taxed reward was paid on this day. Twice is once."""
    if not _is_taxed(offer) or offer.contact is None:
        return
    TaxablePayment.objects.get_or_create(
        offer=offer,
        defaults={
            "contact": offer.contact,
            "account_id": offer.account_id,
            "country": _country(profile_of(offer.contact), offer),
            "paid_on": day,
            "amount": offer.face_value,
            "currency": offer.currency,
        },
    )


def paid_in(contact_id: int, country: str, year: int, currency: str) -> Decimal:
    """What a person received in a calendar year and did not give back, by day of payment."""
    rows = received().filter(contact_id=contact_id, country=country, paid_on__year=year, currency=currency)
    return rows.aggregate(total=Sum("amount"))["total"] or Decimal(0)


def _is_taxed(offer: Offer) -> bool:
    return offer.reward.taxable and offer.face_value > 0


def _country(profile: TaxProfile, offer: Offer) -> str:
    return profile.country or offer.account.country


WATCH = Watch("tax", waits_for, note)
