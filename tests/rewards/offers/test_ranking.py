"""Why an offer stands where it does, in words."""

from datetime import date
from typing import Any

import pytest

from rewards.offers.ranking import stake_in_words

TODAY = date(2026, 11, 26)
TOLD: list[tuple[dict[str, Any], str]] = [
    ({}, "ARR unknown, health unknown"),
    (
        {"arr": "84000.00", "renews_on": "2026-12-19", "health": "poor", "nps": "3.0", "quiet_days": 34},
        "$84,000.00 ARR, renewal in 23 days, poor health: NPS 3 and no sign-in for 34 days",
    ),
    (
        {"arr": "10", "renews_on": "2026-11-27", "health": "poor", "at_risk": True, "nps": "9", "quiet_days": 2},
        "$10.00 ARR, renewal in 1 day, poor health: in At-Risk",
    ),
    ({"arr": "10", "renews_on": "2026-11-26", "health": "leaving"}, "$10.00 ARR, renewal today, asked to cancel"),
    ({"arr": "10", "renews_on": "2026-11-16", "health": "good"}, "$10.00 ARR, renewal 10 days ago, good health"),
]


@pytest.mark.parametrize(("stake", "words"), TOLD)
def test_in_words(stake: dict[str, Any], words: str) -> None:
    assert stake_in_words(stake, TODAY, "USD") == words
