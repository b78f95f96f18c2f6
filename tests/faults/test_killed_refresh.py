"""A worker killed during a refresh leaves the facts right afterwards (short form)."""

import pytest

from tests.faults.killed_refresh import DAYS, kill_refreshes

KILLS, ACCOUNTS = 2, 30


@pytest.mark.django_db(transaction=True)
def test_a_worker_killed_during_a_refresh_leaves_the_facts_right() -> None:
    found = kill_refreshes(KILLS, ACCOUNTS)
    assert found.at_work > 0
    assert (found.differing, ACCOUNTS < found.rows <= ACCOUNTS * DAYS) == (0, True)
