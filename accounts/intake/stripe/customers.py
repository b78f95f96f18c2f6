"""Whose customer of Stripe is which account.

A customer says so itself in metadata.account_id; without it, its own id may be
the account's external id. Where Stripe is also the system of record for
accounts, a customer makes its account; elsewhere accounts are left as they are.
"""

from django.db import connection
from django.db.models import Q

from accounts.intake.profiles import apply_profiles
from accounts.intake.reading import ProfileItem
from accounts.intake.rules import Call, Refusal, Refused, not_the_record
from accounts.intake.stripe.models import BillingCustomer
from accounts.intake.stripe.reading import Told
from accounts.intake.stripe.shapes import Customer
from accounts.records.models import Account
from accounts.sources.queries import Sender, record_of
from accounts.sources.rules import KIND_LABELS, Kind

ACCOUNT_KEY = "account_id"
UNKNOWN_CUSTOMER = "unknown_customer"

_MAP = """
INSERT INTO accounts_billingcustomer AS kept (source_id, external_id, account_id, told_at, told_as)
VALUES (%s, %s, %s, %s, %s)
ON CONFLICT (source_id, external_id) DO UPDATE
SET account_id = excluded.account_id, told_at = excluded.told_at, told_as = excluded.told_as
WHERE (kept.told_at, kept.told_as) < (excluded.told_at, excluded.told_as)
"""


def account_of(sender: Sender, customer_id: str, named: str | None) -> Account:
    """The account that a customer is: the one it names, else the one it was last told to be, else of its own id.

    Raises Refused when there is none (yet): what was sent can be taken in once there is.
    """
    if named:
        found = Account.objects.filter(external_id=named).first()
    else:
        mapped = BillingCustomer.objects.filter(source_id=sender.source_id, external_id=customer_id)
        either = Q(pk__in=mapped.values("account")) | Q(external_id=customer_id)
        # An account that happens to bear the customer's id gives way to what was told.
        found = min(Account.objects.filter(either), key=lambda a: a.external_id == customer_id, default=None)
    if found is None:
        raise Refused(unknown_customer(customer_id, named))
    return found


def take_customer(sender: Sender, told: Told, customer: Customer) -> Account:
    """Remember whose customer this is; make or rename its account where Stripe keeps the accounts. Raises Refused."""
    named = (customer.metadata or {}).get(ACCOUNT_KEY) or None
    if Kind.ACCOUNT in sender.records and not told.type.endswith("deleted"):
        _tell_account(sender, told, customer, named or customer.id)
    account = account_of(sender, customer.id, named)
    with connection.cursor() as cursor:
        cursor.execute(_MAP, [sender.source_id, customer.id, account.pk, told.at, told.order])
    return account


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
