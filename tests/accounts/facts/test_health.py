"""How an account does, in one word with its signs, as the database tells it by the facts of a day."""

from datetime import date
from typing import Any

import pytest

from accounts.facts.health import Health
from accounts.facts.models import AccountFacts
from accounts.facts.queries import health_by
from accounts.facts.verbs import refresh
from tests.factories import AccountFactory

DAY = date(2026, 3, 31)
TOLD: list[tuple[dict[str, Any], str, str]] = [
    ({}, "unknown", "neither a sign-in nor an NPS answer is known"),
    ({"cancellation_intent": True}, "leaving", "asked to cancel"),
    ({"cancellation_intent": True, "nps": 2}, "leaving", "asked to cancel and NPS 2"),
    (
        {"segments": ["steady", "at-risk"], "nps": "6.0", "days_since_sign_in": 21},
        "poor",
        "in At-Risk, NPS 6 and no sign-in for 21 days",
    ),
    ({"nps": 9, "days_since_sign_in": 1234}, "poor", "no sign-in for 1,234 days"),
    ({"nps": 10, "days_since_sign_in": 20}, "good", "NPS 10 and a sign-in 20 days ago"),
    ({"nps": "6.5"}, "good", "NPS 6.5"),
    ({"days_since_sign_in": 1}, "good", "a sign-in 1 day ago"),
    ({"days_since_sign_in": 0}, "good", "a sign-in today"),
]


@pytest.mark.django_db
@pytest.mark.parametrize(("facts", "word", "signs"), TOLD)
def test_health_and_its_signs(facts: dict[str, Any], word: str, signs: str) -> None:
    account = AccountFactory()
    refresh([account.pk], DAY, DAY)
    row = AccountFacts.objects.filter(account=account)
    row.update(**facts)

    assert health_by(row.get()) == Health(word, signs)
