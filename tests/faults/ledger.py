"""Fault rows 13 and 19 in their full form."""

from decimal import Decimal

from tests.benchmarks import stage
from tests.benchmarks.results import Result

OPERATIONS = 100_000


def run() -> list[Result]:
    """The ledger under many clients, a third of them dying, on durable engines, as the application's role."""
    with stage.engines():
        # Models can be imported only once the engines have told the settings where they are.
        from tests.faults.ledger_load import drain, storm

        succeeded, left = drain(clients=50)
        result = storm(clients=8, count=OPERATIONS, processes=2)
    exact = (succeeded, left) == (14, Decimal("2.00"))
    return [
        Result("faults", "13 redemptions of $7 from $100", succeeded, "succeed", "exactly 14, $2.00 left", exact),
        Result("faults", "19 postings written", result.operations, "postings"),
        Result("faults", "19 crashes before commit", result.crashes, "crashes"),
        Result("faults", "19 postings doubled", result.doubled, "postings", "none", result.doubled == 0),
        Result("faults", "19 rows that do not add up", len(result.problems), "rows", "none", not result.problems),
    ]
