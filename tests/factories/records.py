from datetime import date
from decimal import Decimal

import factory
from factory.django import DjangoModelFactory

from accounts.records.models import Account, Contact, Subscription


class AccountFactory(DjangoModelFactory[Account]):
    class Meta:
        model = Account

    external_id = factory.Sequence(lambda n: f"acct-{n}")
    name = factory.Sequence(lambda n: f"Company {n}")
    plan_segment = "mid_market"
    signed_up_on = date(2025, 1, 1)


class ContactFactory(DjangoModelFactory[Contact]):
    class Meta:
        model = Contact

    account = factory.SubFactory(AccountFactory)
    external_id = factory.Sequence(lambda n: f"user-{n}")
    name = factory.Sequence(lambda n: f"Contact {n}")
    email = factory.LazyAttribute(lambda c: f"{c.external_id}@example.com")


class SubscriptionFactory(DjangoModelFactory[Subscription]):
    """One seat-based plan of $1,000.00 a month that has not ended."""

    class Meta:
        model = Subscription

    account = factory.SubFactory(AccountFactory)
    external_id = factory.Sequence(lambda n: f"sub-{n}")
    plan = "Pro"
    billing_frequency = "annual"
    seats = 10
    mrr = Decimal("1000.00")
    starts_on = date(2025, 1, 1)
