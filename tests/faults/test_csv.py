"""Row 25 of the list of faults in its short form: a real kill of a real import."""

from pathlib import Path

import pytest

from tests.faults.csv_load import BAD_EVERY, break_and_finish

pytestmark = pytest.mark.django_db(transaction=True)
ROWS = 4_000


def test_a_killed_import_of_a_bad_file_goes_on_and_loses_and_doubles_nothing(tmp_path: Path) -> None:
    found = break_and_finish(tmp_path, ROWS, chunk=200, kill_after=2)

    bad, good = ROWS // BAD_EVERY, ROWS - ROWS // BAD_EVERY
    assert 0 < found.stored_at_kill < good
    assert (found.finished.read, found.finished.refused) == (ROWS, bad)
    assert found.finished.new + found.finished.unchanged == good
    assert found.finished.lines == found.expected
    assert (found.again.new, found.again.changed, found.again.unchanged) == (0, 0, good)
    assert found.again.lines == found.expected
    assert (found.events, found.counted) == (good, good)
    assert found.again.peak_mb < 300
