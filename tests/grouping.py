"""Tests that share what is dear to start run in one process: a browser, or the whole application.

pytest-xdist hands out tests one by one (`--dist=loadgroup`), but those of one group to one worker.
"""

from pathlib import Path

import pytest

TESTS = Path(__file__).parent
APPLICATION = "application"


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Group the journeys of a file by their browser, and the faults by the application that they break."""
    for item in items:
        room, *_ = item.path.relative_to(TESTS).parts
        fixtures = getattr(item, "fixturenames", ())
        if room == "journeys" and "browser" in fixtures:
            item.add_marker(pytest.mark.xdist_group(item.path.stem))
        if room == "faults" and "demo" in fixtures:
            item.add_marker(pytest.mark.xdist_group(APPLICATION))
