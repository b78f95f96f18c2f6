"""Fault row 14 in its full form: many people decide one offer at the same moment."""

from tests.benchmarks import stage
from tests.benchmarks.results import Result

ROUNDS = 200
BROWSERS = 20


def run() -> list[Result]:
    """Approvals and rejections at once, on durable engines, as the application's role."""
    with stage.engines():
        # Models can be imported only once the engines have told the settings where they are.
        from tests.faults.decision_load import approve_and_reject, approve_at_once

        one = approve_at_once(BROWSERS)
        many = approve_and_reject(ROUNDS)
    alone = (one.decisions, one.grants, one.told) == (1, 1, BROWSERS - 1)
    each_once = (many.decisions, many.told) == (ROUNDS, ROUNDS) and many.grants == many.approved == many.postings
    return [
        Result("faults", f"14 decisions of {BROWSERS} at once", one.decisions, "decisions", "exactly 1", alone),
        Result("faults", "14 of them told by whom and when", one.told, "people", f"exactly {BROWSERS - 1}", alone),
        Result("faults", "14 approve and reject at once: decisions", many.decisions, "of 200", "each once", each_once),
        Result("faults", "14 grants, as many as approvals won", many.grants, "grants", "equal", each_once),
    ]
