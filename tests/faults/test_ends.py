"""Rows 8 and 9, short form: ends under load, of the application's own processes and of PostgreSQL."""

from decimal import Decimal

from tests.engines.application import Application
from tests.faults.drain import LIMIT_SECONDS, drain
from tests.faults.stopped_database import EVENTS_A_BATCH, stop_database
from tests.faults.stopped_postings import stop_amid_redemptions

BATCHES = 60


def test_web_and_worker_drain_and_nothing_is_lost_or_doubled(demo: Application) -> None:
    found = drain(demo, 1)
    assert [seconds < LIMIT_SECONDS for seconds in found.seconds] == [True, True]
    assert found.accounts > 0
    assert (found.lost, found.doubled) == (0, 0)
    assert set(found.answers) <= {0, 200, 503}


def test_events_that_were_acknowledged_outlive_a_database_that_is_stopped_at_once(demo: Application) -> None:
    found = stop_database(demo, BATCHES, 2)
    assert (found.stops, found.acknowledged) == (2, BATCHES * EVENTS_A_BATCH)
    assert (found.lost, found.doubled, found.without_retry_after) == (0, 0, 0)
    assert set(found.answers) <= {0, 200, 503}


def test_credit_that_was_redeemed_stays_redeemed_once_through_stops_of_the_database(demo: Application) -> None:
    found = stop_amid_redemptions(demo, 120, 2)
    assert (found.acknowledged, found.written, found.answered_otherwise) == (120, 120, 0)
    assert found.gone == Decimal("1.20")
    assert found.check == ""
    assert found.without_retry_after == 0
    assert set(found.answers) <= {0, 200, 503}
