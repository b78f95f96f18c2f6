from collections.abc import Iterator

import pytest

from tests.engine_plugin import PLACE_PREFIX
from tests.engines.application import Application
from tests.faults.whole import demo as demo_application


@pytest.fixture(scope="session")
def demo() -> Iterator[Application]:
    """One whole application for all that is done to it; each scenario names its accounts in its own way."""
    with demo_application(PLACE_PREFIX) as application:
        yield application
