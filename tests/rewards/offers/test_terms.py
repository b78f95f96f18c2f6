"""The digest changes with every term, and with nothing else."""

import dataclasses
from decimal import Decimal

import pytest

from rewards.offers.terms import OfferTerms, digest_of

TERMS = OfferTerms(
    account_id=1,
    campaign_id=2,
    campaign_version=3,
    cause_key="milestone-reach:4",
    step=1,
    reward_id=5,
    reward_name="$300 service credit",
    face_value=Decimal("300.00"),
    discount_equivalent=Decimal("300.00"),
    currency="USD",
    validity_days=365,
)


@pytest.mark.parametrize("field", [f.name for f in dataclasses.fields(OfferTerms)])
def test_every_term_counts(field: str) -> None:
    value = getattr(TERMS, field)
    other = value + 1 if not isinstance(value, str) else value + "x"
    assert digest_of(dataclasses.replace(TERMS, **{field: other})) != digest_of(TERMS)


def test_the_same_money_written_differently_is_the_same_term() -> None:
    assert digest_of(dataclasses.replace(TERMS, face_value=Decimal("300"))) == digest_of(TERMS)
