"""Row 34, short form: read-only, without connections, with a full disk: 503 with Retry-After, and nothing half done."""

import pytest

from tests.engines.application import Application
from tests.faults.scarce import RECOVERS_WITHIN, endure
from tests.faults.scarcity import Fault, disk_full, no_connections, read_only

TRIES = 4


@pytest.mark.parametrize("fault", [read_only, no_connections, disk_full])
def test_a_database_that_runs_short_is_503_and_recovers_by_itself(demo: Application, fault: Fault) -> None:
    found = endure(demo, fault, fault.__name__.replace("_", "-"), TRIES)
    assert (found.others, found.without_retry_after) == (0, 0), found
    assert found.events == {503: TRIES + 1}
    assert (found.half_grants, found.untold_decisions, found.lost, found.doubled) == (0, 0, 0, 0)
    assert found.recovered_in < RECOVERS_WITHIN
