from collections.abc import Iterator

import pytest
from django.conf import LazySettings

from loyalty.core.people.models import User
from rewards.delivery.billing.connecting import connect
from rewards.delivery.invoices.models import BillingSettings
from tests.rewards.delivery.receivers import outside
from tests.rewards.delivery.stripe_api import KEY, StripeStandIn, serving

__all__ = ["outside"]


@pytest.fixture
def stand_in(settings: LazySettings) -> Iterator[StripeStandIn]:
    """What is asked of Stripe is asked of a stand-in, which knows the customer cus_1."""
    with serving() as stripe:
        settings.STRIPE_API = stripe.address
        stripe.customer("cus_1")
        yield stripe


@pytest.fixture
def stripe(stand_in: StripeStandIn, finance: User) -> StripeStandIn:
    """The same, connected by Finance, and chosen as the way in which credits reach invoices."""
    connect(KEY, acting_user=finance)
    BillingSettings.objects.create(pk=1, connector="stripe")
    stand_in.posted.clear()
    return stand_in
