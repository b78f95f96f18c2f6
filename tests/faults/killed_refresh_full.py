"""A worker killed at random during a refresh of facts, in its full form."""

from tests.benchmarks import stage
from tests.benchmarks.results import Result

KILLS, ACCOUNTS = 20, 100


def run() -> list[Result]:
    """On durable engines, as the application's role."""
    with stage.engines():
        # Models can be imported only once the engines have told the settings where they are.
        from tests.faults.killed_refresh import kill_refreshes

        found = kill_refreshes(KILLS, ACCOUNTS)
    half = found.at_work
    return [
        Result("faults", "facts: workers killed", found.kills, "kills"),
        Result("faults", "facts: of these with work done and work left", half, "kills", "most", half > KILLS / 2),
        Result("faults", "facts: rows that were kept up to date", found.rows, "rows"),
        Result(
            *("faults", "facts: rows that differ from a recount", found.differing, "rows"),
            *("none", found.differing == 0),
        ),
    ]
