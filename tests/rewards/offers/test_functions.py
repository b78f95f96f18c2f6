"""What the database says and pins is what Python says and pins."""

from datetime import date
from decimal import Decimal

import pytest
from django.db import connection
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from loyalty.core.money import money
from rewards.caps.rules import CapMeasure, refusal
from rewards.offers.terms import OfferTerms, digest_of

pytestmark = pytest.mark.django_db
AMOUNTS = st.decimals(Decimal("-999999999999.99"), Decimal("999999999999.99"), places=3, allow_nan=False)
# PostgreSQL keeps no NUL in text, and nobody can type a surrogate.
TEXT = st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"]), max_size=60)
IDS = st.integers(1, 2**31 - 1)
EXAMPLES = settings(max_examples=100, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])


def ask(sql: str, *params: object) -> str:
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT {sql}", params)
        return str(cursor.fetchone()[0])


@EXAMPLES
@given(AMOUNTS, st.sampled_from(["USD", "EUR", "GBP", "CHF", "PTS"]))
def test_money(amount: Decimal, currency: str) -> None:
    assert ask("money_text(%s, %s)", amount, currency) == money(amount, currency)


@EXAMPLES
@given(
    TEXT,
    st.sampled_from(CapMeasure),
    AMOUNTS,
    AMOUNTS,
    AMOUNTS,
    st.dates(date(1970, 1, 1), date(9998, 12, 31)) | st.just(date(9999, 1, 1)),
)
def test_refusals(  # every word of the sentence
    name: str, measure: CapMeasure, limit: Decimal, room: Decimal, amount: Decimal, until: date
) -> None:
    said = ask("cap_refusal(%s, %s, %s, %s, %s, %s)", name, measure.value, limit, room, amount, until)
    assert said == refusal(name, measure, limit, room, amount, until)


@EXAMPLES
@given(TEXT, TEXT, st.decimals(0, Decimal("999999999999.99"), places=2), IDS, IDS)
def test_digests(cause: str, reward: str, value: Decimal, account: int, days: int) -> None:
    terms = OfferTerms(account, 2, 3, cause, 1, 5, reward, value, value, "USD", days)
    said = ask("offer_digest(%s, 2, 3, %s, 1, 5, %s, %s, %s, 'USD', %s)", account, cause, reward, value, value, days)
    assert said == digest_of(terms)
