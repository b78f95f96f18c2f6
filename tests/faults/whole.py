"""The whole application, with a small demo company, for scenarios that break parts of it."""

import shutil
import signal
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.engines.application import Application


@contextmanager
def demo_in(folder: Path) -> Iterator[Application]:
    """`manage.py demo` on durable engines and under its own supervisor, in a folder that stays."""
    application = Application(folder / "data", "demo", "--json", "--accounts", "20")
    application.start()
    with application.database() as owner:
        # The caps that Finance of the demo has set fit its own customers, not the thousands that come now.
        owner.execute("UPDATE rewards_cap SET is_active = false")
    try:
        yield application
    finally:
        application.end(signal.SIGINT)


@contextmanager
def demo(prefix: str = "loyalty-faults-") -> Iterator[Application]:
    """The same in a folder of its own, which goes away."""
    folder = Path(tempfile.mkdtemp(prefix=prefix))
    folder.chmod(0o711)
    try:
        with demo_in(folder) as application:
            yield application
    finally:
        shutil.rmtree(folder, ignore_errors=True)
