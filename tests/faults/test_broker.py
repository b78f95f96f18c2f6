"""A broker that dies or forgets costs seconds, never work (short form)."""

from tests.engines.application import Application
from tests.faults.broker import LIMIT_SECONDS, empty_broker, kill_broker

ACCOUNTS = 600
KILLS = 2


def test_a_killed_broker_costs_the_worker_less_than_30_seconds_and_no_page(demo: Application) -> None:
    found = kill_broker(demo, KILLS)
    assert [seconds < LIMIT_SECONDS for seconds in found.seconds_to_consume] == [True] * KILLS
    assert set(found.answers) == {200}


def test_an_emptied_broker_loses_and_doubles_nothing(demo: Application) -> None:
    found = empty_broker(demo, ACCOUNTS)
    assert found.lost_messages > 0
    assert (found.accounts_with_offer, found.offers) == (ACCOUNTS, ACCOUNTS)
    assert found.still_signed_in is True
