"""Fault row 25 in its full form: a million rows, on durable engines, as the application's role."""

import tempfile
from pathlib import Path

from tests.benchmarks import stage
from tests.benchmarks.results import Result

ROWS = 1_000_000
KILL_AFTER = 3
MOST_MB = 300


def run() -> list[Result]:
    """The import is killed after some chunks, taken up again, and done once more."""
    with stage.engines(), tempfile.TemporaryDirectory(prefix="loyalty-faults-") as folder:
        # Models can be imported only once the engines have told the settings where they are.
        from accounts.intake.files.importing import CHUNK
        from tests.faults.csv_load import BAD_EVERY, break_and_finish

        found = break_and_finish(Path(folder), ROWS, chunk=CHUNK, kill_after=KILL_AFTER)
    bad = ROWS // BAD_EVERY
    good = ROWS - bad
    listed = sum(told == wanted for told, wanted in zip(found.finished.lines, found.expected, strict=False))
    right = found.finished.lines == found.expected == found.again.lines
    peak = max(found.finished.peak_mb, found.again.peak_mb)
    is_in = found.events == found.counted == good
    return [
        Result("faults", "25 rows in when the import was killed", found.stored_at_kill, "rows"),
        Result("faults", f"25 in, of {ROWS:,} with 1 % bad", found.events, "rows", f"exactly {good:,}", is_in),
        Result("faults", "25 listed with line and reason", listed, "rows", f"exactly {bad:,}", right and listed == bad),
        Result("faults", "25 added by a second run", found.again.new, "rows", "none", found.again.new == 0),
        Result("faults", "25 peak memory", peak, "MB", f"at most {MOST_MB}", peak <= MOST_MB),
    ]
