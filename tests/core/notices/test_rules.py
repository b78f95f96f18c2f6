"""When a digest is due, how long a failure waits, and what counts as an address inside."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from loyalty.core.notices.rules import TRIES, Pace, due_at, is_our_path, wait_before

BERLIN = ZoneInfo("Europe/Berlin")


@pytest.mark.parametrize(
    ("now", "hour", "due"),
    [
        ("2026-03-10T06:59", 8, "2026-03-10T07:00"),
        ("2026-03-10T07:00", 8, "2026-03-11T07:00"),  # never now itself
        ("2026-03-10T23:30", 8, "2026-03-11T07:00"),  # it is tomorrow there already
        ("2026-03-28T07:30", 8, "2026-03-29T06:00"),  # the clock goes forward between
        ("2026-10-24T07:30", 8, "2026-10-25T07:00"),  # … and back
        ("2026-03-29T00:30", 2, "2026-03-29T01:00"),  # two o'clock is left out that day
        ("2026-12-31T23:00", 0, "2027-01-01T23:00"),
    ],
)
def test_a_digest_is_due_at_the_next_such_hour(now: str, hour: int, due: str) -> None:
    moment = datetime.fromisoformat(now).replace(tzinfo=UTC)
    assert due_at(Pace.DAILY, hour, BERLIN, moment) == datetime.fromisoformat(due).replace(tzinfo=UTC)
    assert due_at(Pace.AT_ONCE, hour, BERLIN, moment) == moment


def test_failures_wait_longer_each_time_and_two_days_in_all() -> None:
    waits = [wait_before(n) for n in range(1, TRIES)]
    assert waits[:4] == [timedelta(minutes=m) for m in (1, 4, 16, 64)]
    assert waits == sorted(waits)
    assert timedelta(days=1) < sum(waits, timedelta()) < timedelta(days=3)


@pytest.mark.parametrize(
    ("url", "is_ours"),
    [
        ("/", True),
        ("/changes/1/?a=b#c", True),
        ("", False),
        ("//x", False),
        ("/\\x", False),
        ("x", False),
        ("/a\tb", False),
    ],
)
def test_an_address_inside_is_a_path(url: str, is_ours: bool) -> None:
    assert is_our_path(url) is is_ours
