"""Fault row 34 in its full form; where a disk may be mounted, with one that is really full as well."""

from tests.benchmarks.results import Result
from tests.engines.application import Application
from tests.faults.scarce import RECOVERS_WITHIN, Endured, endure
from tests.faults.scarcity import Fault, disk_full, filled, no_connections, read_only, small_disk
from tests.faults.whole import demo, demo_in

TRIES = 30
DISK_MEGABYTES = 600


def run() -> list[Result]:
    """The demo application on durable engines, under its own supervisor."""
    results: list[Result] = []
    with demo() as application:
        for fault in (read_only, no_connections, disk_full):
            results += _told(fault.__name__.replace("_", " "), _endured(application, fault))
    with small_disk(DISK_MEGABYTES) as disk:
        if disk is None:
            return [*results, Result("faults", "34 a disk of its own", 0, "", "needs the right to mount")]
        with demo_in(disk) as application:
            results += _told("a disk of its own, full", _endured(application, filled))
    return results


def _endured(application: Application, fault: Fault) -> Endured:
    return endure(application, fault, fault.__name__.replace("_", "-"), TRIES)


def _told(name: str, found: Endured) -> list[Result]:
    answers = {"events": found.events, "decisions": found.decisions, "pages": found.pages}
    detail = {what: dict(counted) for what, counted in answers.items()}
    half = found.half_grants + found.untold_decisions
    wrong = found.lost + found.doubled
    back = found.recovered_in
    return [
        Result("faults", f"34 {name}: 503", found.events[503] + found.decisions[503], "answers", detail=detail),
        Result("faults", f"34 {name}: neither well nor 503", found.others, "answers", "none", found.others == 0),
        Result(
            *("faults", f"34 {name}: 503 without Retry-After", found.without_retry_after, "answers"),
            *("none", found.without_retry_after == 0),
        ),
        Result("faults", f"34 {name}: half grants", half, "rows", "none", half == 0),
        Result("faults", f"34 {name}: events lost or doubled", wrong, "events", "none", wrong == 0),
        Result("faults", f"34 {name}: takes events again after", back, "s", "under 30 s", back < RECOVERS_WITHIN),
    ]
