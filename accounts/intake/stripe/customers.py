"""Whose customer of Stripe is which account.

A customer says so itself in metadata.account_id; without it, its own id may be
the account's external id. Where Stripe is also the system of record for
accounts, a customer makes its account; elsewhere accounts are left as they are.
"""

from accounts.intake.profiles import apply_profiles
from accounts.intake.reading import ProfileItem
from accounts.intake.rules import Call, Refusal, Refused, not_the_record
from accounts.intake.stripe.reading import Told
from accounts.intake.stripe.shapes import Customer, Subscription, id_of
from accounts.intake.stripe.storing import place
from accounts.sources.queries import Sender, record_of
from accounts.sources.rules import KIND_LABELS, Kind

ACCOUNT_KEY = "account_id"
UNKNOWN_CUSTOMER = "unknown_customer"


def account_of(sender: Sender, told: Told) -> int | None:
    """The account that an event is about; None when nobody needs to know.

    Where Stripe keeps the accounts, an event of a customer makes or renames its
    account first. Raises Refused when there is no account (yet): what was sent
    can be taken in once there is. Call inside a transaction.
    """
    about = told.about
    if about is None:
        return None
    named = (about.metadata or {}).get(ACCOUNT_KEY) or None
    if isinstance(about, Customer):
        customer_id, subscription_id = about.id, None
        if Kind.ACCOUNT in sender.records and not told.type.endswith("deleted"):
            _tell_account(sender, told, about, named or about.id)
    else:
        customer_id = id_of(about.customer)
        subscription_id = about.id if isinstance(about, Subscription) else None
    account_id = place(sender, customer_id, named, subscription_id)
    if account_id is None:
        raise Refused(unknown_customer(customer_id, named))
    return account_id


def unknown_customer(customer_id: str, named: str | None) -> Refusal:
    """Why nothing can be done about a customer, and what to do."""
    why = (
        f"there is no account {named}, which its metadata.{ACCOUNT_KEY} names. Make or import the account"
        if named
        else f"it names no account. Set metadata.{ACCOUNT_KEY} of the customer in Stripe to the account's id"
    )
    return Refusal(UNKNOWN_CUSTOMER, f"The customer {customer_id} is nobody known: {why}, then take this in again.")


def not_billing() -> Refusal:
    """Stripe's events from a source that is not the system of record for subscriptions."""
    return not_the_record(KIND_LABELS[Kind.SUBSCRIPTION], record_of(Kind.SUBSCRIPTION))


def _tell_account(sender: Sender, told: Told, customer: Customer, external_id: str) -> None:
    traits = {"name": customer.name} if customer.name else {}
    item = ProfileItem(0, Call.GROUP, told.id, None, external_id[:255], None, told.at, traits, {"traits": traits})
    apply_profiles(sender, [item], lambda _: not_billing(), today=told.at.date())
