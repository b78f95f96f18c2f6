"""Grants as the last approval makes them, without the approval."""

from datetime import date, timedelta
from decimal import Decimal

from accounts.records.models import Account
from rewards.catalogue.models import Reward
from rewards.ledger.verbs import issue_credit
from rewards.offers.models import Grant
from tests.factories.records import AccountFactory
from tests.factories.rewards import CampaignFactory, OfferFactory, RewardFactory


def granted(
    amount: str = "100.00",
    *,
    account: Account | None = None,
    reward: Reward | None = None,
    issued_on: date = date(2026, 3, 2),
    days: int = 365,
    **offer: object,
) -> Grant:
    """A granted credit on the books (or a pass, when `reward` is none), in USD; its offer is approved."""
    given = reward or RewardFactory(face_value=Decimal(amount))
    made = OfferFactory(
        account=account or AccountFactory(),
        campaign=CampaignFactory(reward=given),
        face_value=Decimal(amount),
        discount_equivalent=Decimal(amount),
        state="approved",
        validity_days=days,
        **offer,
    )
    grant = Grant.objects.create(
        offer=made,
        account=made.account,
        face_value=made.face_value,
        currency="USD",
        expires_on=issued_on + timedelta(days=days),
    )
    if given.is_credit:
        issue_credit(grant, booked_on=issued_on, acting_user=None)
    return grant
