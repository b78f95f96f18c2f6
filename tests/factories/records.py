from datetime import UTC, date, datetime
from decimal import Decimal

import factory
from factory.django import DjangoModelFactory

from accounts.privacy.models import Consent
from accounts.records.models import Account, Contact, Subscription, SubscriptionTerm


class AccountFactory(DjangoModelFactory[Account]):
    class Meta:
        model = Account

    external_id = factory.Sequence(lambda n: f"acct-{n}")
    name = factory.Sequence(lambda n: f"Company {n}")
    plan_segment = "mid_market"
    signed_up_on = date(2025, 1, 1)


class ContactFactory(DjangoModelFactory[Contact]):
    """A person at an account; `consents=True` (or False) has them say so at the beginning of 2025."""

    class Meta:
        model = Contact
        skip_postgeneration_save = True

    account = factory.SubFactory(AccountFactory)
    external_id = factory.Sequence(lambda n: f"user-{n}")
    name = factory.Sequence(lambda n: f"Contact {n}")
    email = factory.LazyAttribute(lambda c: f"{c.external_id}@example.com")

    @factory.post_generation
    def consents(self: Contact, create: bool, extracted: bool | None, **kwargs: object) -> None:
        if extracted is not None:
            Consent.objects.create(
                contact=self, granted=extracted, source="identify", at=datetime(2025, 1, 1, tzinfo=UTC)
            )


class SubscriptionFactory(DjangoModelFactory[Subscription]):
    class Meta:
        model = Subscription

    account = factory.SubFactory(AccountFactory)
    external_id = factory.Sequence(lambda n: f"sub-{n}")
    starts_on = date(2025, 1, 1)


class SubscriptionTermFactory(DjangoModelFactory[SubscriptionTerm]):
    """One seat-based plan of $1,000.00 a month that has not ended, from its start."""

    class Meta:
        model = SubscriptionTerm

    subscription = factory.SubFactory(SubscriptionFactory)
    from_day = factory.SelfAttribute("subscription.starts_on")
    plan = "Pro"
    billing_frequency = "annual"
    seats = 10
    mrr = Decimal("1000.00")
