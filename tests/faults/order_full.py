"""Fault row 22 in its full form: 10,000 events in 100 orders."""

import sys
import time

from tests.benchmarks import stage
from tests.benchmarks.results import Result

EVENTS, ORDERS = 10_000, 100


def run() -> list[Result]:
    """The first order is that of time; every other is held against it."""
    with stage.engines():
        from tests.faults.any_order import counts, differing, missing, play, set_up

        scene = set_up(EVENTS)
        first = play(scene, 0)
        wrong: list[str] = []
        started = time.monotonic()
        for number in range(1, ORDERS):
            other = differing(first, play(scene, number))
            wrong += [f"order {number}: {name}" for name in other]
            if number % 10 == 0:
                sys.stderr.write(f"{number} orders, {time.monotonic() - started:.0f} s, {len(wrong)} tables differ\n")
    told = {"wrong": wrong[:20], "rows": counts(first)}
    name, absent = f"22 tables that differ in {ORDERS} orders of {EVENTS:,} events", missing(first)
    return [
        Result("faults", name, len(wrong), "tables", "none", not wrong, told),
        Result("faults", "22 kinds of outcome without a row", len(absent), "kinds", "none", not absent),
    ]
