"""The garbage collector, told what stays: thousands of collected tests and all modules live as long as the run.

Looking through them again and again took a tenth of the time of the suite.
"""

import gc

import pytest

# Allocations before the youngest are looked at: a request of a test makes some tens of thousands.
ALLOCATIONS = 10_000


@pytest.hookimpl(trylast=True)
def pytest_collection_finish(session: pytest.Session) -> None:
    """Everything is imported and collected now."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(ALLOCATIONS)
