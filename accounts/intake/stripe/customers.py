"""Whose customer of Stripe is which account.

A customer says so itself in metadata.account_id; without it, its own id may be
the account's external id. Where Stripe is also the system of record for
accounts, a customer makes its account; elsewhere accounts are left as they are.
"""

from dataclasses import dataclass

from accounts.intake.profiles import apply_profiles
from accounts.intake.reading import ProfileItem
from accounts.intake.rules import Call, Refusal, not_the_record
from accounts.intake.stripe.reading import Told
from accounts.intake.stripe.shapes import Customer, id_of
from accounts.sources.queries import Sender, record_of
from accounts.sources.rules import KIND_LABELS, Kind

ACCOUNT_KEY = "account_id"
UNKNOWN_CUSTOMER = "unknown_customer"


@dataclass(frozen=True)
class Whose:
    """The customer of an event, and the account that it names by itself, if it does."""

    customer_id: str
    named: str | None


def whose(told: Told) -> Whose | None:
    """Whom an event is about; None when nobody needs to know."""
    about = told.about
    if about is None:
        return None
    customer_id = about.id if isinstance(about, Customer) else id_of(about.customer)
    return Whose(customer_id, (about.metadata or {}).get(ACCOUNT_KEY) or None)


def tell_account(sender: Sender, told: Told, customer: Customer) -> None:
    """Make or rename the account of a customer, where Stripe keeps the accounts. Call inside a transaction."""
    if told.type.endswith("deleted"):
        return
    external_id = ((customer.metadata or {}).get(ACCOUNT_KEY) or customer.id)[:255]
    traits = {"name": customer.name} if customer.name else {}
    item = ProfileItem(0, Call.GROUP, told.id, None, external_id, None, told.at, traits, {"traits": traits})
    apply_profiles(sender, [item], lambda _: not_billing(), today=told.at.date())


def unknown_customer(about: Whose) -> Refusal:
    """Why nothing can be done about a customer, and what to do."""
    why = (
        f"there is no account {about.named}, which its metadata.{ACCOUNT_KEY} names. Make or import the account"
        if about.named
        else f"it names no account. Set metadata.{ACCOUNT_KEY} of the customer in Stripe to the account’s id"
    )
    return Refusal(
        UNKNOWN_CUSTOMER,
        f"The customer {about.customer_id} is nobody known: {why}: this goes in by itself then.",
        waits_for=about.named or about.customer_id,
    )


def not_billing() -> Refusal:
    """Stripe's events from a source that is not the system of record for subscriptions."""
    return not_the_record(KIND_LABELS[Kind.SUBSCRIPTION], record_of(Kind.SUBSCRIPTION))
