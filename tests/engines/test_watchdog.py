"""When a worker counts as stuck. Times are seconds of a made-up clock."""

from collections.abc import Callable

import pytest

from loyalty.engines.watchdog import BUSY_SECONDS, GRACE_SECONDS, IDLE_SECONDS, Pulse, Watchdog, is_stuck


@pytest.mark.parametrize(
    ("silent", "is_busy", "expected"),
    [
        (0, False, False),
        (IDLE_SECONDS, False, False),
        (IDLE_SECONDS + 1, False, True),
        (IDLE_SECONDS + 1, True, False),
        (BUSY_SECONDS, True, False),
        (BUSY_SECONDS + 1, True, True),
    ],
)
def test_idle_silence_is_short_and_busy_silence_long(silent: float, is_busy: bool, expected: bool) -> None:
    assert is_stuck(silent_seconds=silent, is_busy=is_busy) is expected


def watch(*pulses: Pulse | None) -> Callable[..., list[bool]]:
    """What the watchdog finds when it looks at the given times, one pulse each."""

    def at(*times: float) -> list[bool]:
        waiting = iter(pulses)
        watchdog = Watchdog(lambda: next(waiting), 0.0)
        return [watchdog.finds_stuck(now) for now in times]

    return at


A, B = Pulse("a"), Pulse("b")
NONE = Pulse("")
LATE = GRACE_SECONDS + IDLE_SECONDS


def test_a_moving_mark_is_life() -> None:
    assert watch(A, B, A, B)(20, 34, 48, 62) == [False, False, False, False]


def test_a_mark_that_stands_still_is_not() -> None:
    assert watch(A, A, A)(20, 20 + IDLE_SECONDS, 21 + IDLE_SECONDS) == [False, False, True]


def test_a_fresh_worker_has_time_to_start() -> None:
    assert watch(NONE, NONE)(LATE, LATE + 1) == [False, True]


def test_time_without_a_broker_does_not_count() -> None:
    assert watch(A, None, None, NONE, NONE)(20, 30, 300, 315, 316) == [False, False, False, False, True]


def test_a_replaced_worker_begins_anew() -> None:
    watchdog = Watchdog(lambda: A, 0.0)
    assert watchdog.finds_stuck(20) is False
    assert watchdog.finds_stuck(36) is True
    watchdog.worker_started(36)
    longer = 2 * GRACE_SECONDS + IDLE_SECONDS
    assert watchdog.finds_stuck(36 + longer) is False
    assert watchdog.finds_stuck(37 + longer) is True


def test_where_workers_are_slow_to_start_each_gets_longer_until_one_shows_life() -> None:
    pulses = [NONE]
    watchdog = Watchdog(lambda: pulses[-1], 0.0)
    lasted, now = [], 0.0
    for _ in range(7):
        began = now
        while not watchdog.finds_stuck(now):
            now += 1
        lasted.append(now - began - IDLE_SECONDS - 1)
        watchdog.worker_started(now)
    assert lasted == [10, 20, 40, 80, 160, 160, 160]
    pulses.append(A)
    now += 170
    assert watchdog.finds_stuck(now) is False
    watchdog.worker_started(now)
    assert watchdog.finds_stuck(now + LATE) is False
    assert watchdog.finds_stuck(now + LATE + 1) is True


def test_a_busy_worker_has_longer_but_not_for_what_a_dead_one_left_behind() -> None:
    busy, taken = Pulse("a", frozenset({"one"})), Pulse("a", frozenset({"one", "two"}))
    pulses = iter([busy, busy, busy, taken, taken])
    watchdog = Watchdog(lambda: next(pulses), 0.0)
    assert watchdog.finds_stuck(20) is False
    assert watchdog.finds_stuck(60) is False
    watchdog.worker_started(60)
    assert watchdog.finds_stuck(61 + LATE) is True
    watchdog.worker_started(90)
    assert watchdog.finds_stuck(120 + LATE) is False
    assert watchdog.finds_stuck(120 + BUSY_SECONDS) is True


def test_a_stuck_worker_consumes_again_within_30_seconds_of_the_broker() -> None:
    start_of_a_worker, until_the_next_heartbeat, killing = 4, 5, 5
    assert IDLE_SECONDS + killing + start_of_a_worker + until_the_next_heartbeat < 30
