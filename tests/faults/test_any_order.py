"""Row 22 of the list of faults in its short form."""

import pytest

from tests.faults.any_order import differing, missing, play, set_up

EVENTS, ORDERS = 1_500, 4


@pytest.mark.django_db(transaction=True)
def test_any_order_makes_the_same_facts_segments_tiers_offers_and_ledger() -> None:
    scene = set_up(EVENTS)
    first = play(scene, 0)
    assert missing(first) == []
    for number in range(1, ORDERS):
        assert differing(first, play(scene, number)) == [], number
