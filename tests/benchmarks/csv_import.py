"""Taking in files of product use against COPY of the same file into a bare table.

Both on the same durable PostgreSQL, as the application's role. The import
reads, checks and maps every row, finds accounts and contacts, keeps each message
once behind its indexes, adds up daily usage and marks facts dirty, chunk by chunk;
COPY puts the same columns as text into a table without an index. Memory is the
peak of a process that imports nothing else.
"""

import csv
import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from tests.benchmarks import stage
from tests.benchmarks.results import Result

SIZES = tuple(int(size) for size in os.environ.get("CSV_ROWS", "100000,1000000").split(","))
ACCOUNTS = 2_000
NAMES = ("Report Generated", "Export Created", "API Call", "Signed In", "Dashboard Viewed")
HEADER = ("usage_id", "account_id", "contact_id", "feature_name", "usage_count", "duration_secs", "usage_date")
EMPTIED = "accounts_event, accounts_dailyusage, accounts_eventday, accounts_contactday, accounts_factsdirty"
TARGET = 0.6
FLAT = 1.15


def run() -> list[Result]:
    """Import files of growing size, each after a COPY of the same file."""
    results: list[Result] = []
    peaks: list[float] = []
    with stage.engines(), tempfile.TemporaryDirectory(prefix="loyalty-bench-") as folder:
        _set_up()
        for size in SIZES:
            path = Path(folder) / f"use-{size}.csv"
            _write(path, size)
            copied = size / _copy(path)
            took, peak = _import(path, size)
            peaks.append(peak)
            results += _told(size, copied, size / took, peak)
            path.unlink()
    growth = peaks[-1] / peaks[0]
    words = f"memory of {SIZES[-1]:,} rows : {SIZES[0]:,} rows"
    return [*results, Result("csv", words, round(growth, 3), "×", f"at most {FLAT:g}", growth <= FLAT)]


def _told(size: int, copied: float, imported: float, peak: float) -> list[Result]:
    ratio = imported / copied
    return [
        Result("csv", f"COPY, {size:,} rows", copied, "rows/s"),
        Result("csv", f"import, {size:,} rows", imported, "rows/s", detail={"peak_mb": round(peak)}),
        Result("csv", f"import : COPY, {size:,} rows", round(ratio, 3), "×", f"at least {TARGET:g}", ratio >= TARGET),
    ]


def _set_up() -> None:
    from accounts.records.models import Account

    Account.objects.bulk_create(Account(external_id=f"A-{n}", name=f"Company {n}") for n in range(ACCOUNTS))


def _write(path: Path, size: int) -> None:
    with path.open("w", newline="", encoding="utf-8") as stream:
        lines = csv.writer(stream)
        lines.writerow(HEADER)
        for n in range(size):
            at = f"2026-{1 + n % 9:02}-{1 + n // 9 % 28:02} {n % 24:02}:{n % 60:02}:00"
            lines.writerow((f"U-{n}", f"A-{n % ACCOUNTS}", f"C-{n % (5 * ACCOUNTS)}", NAMES[n % 5], 1, n % 900, at))


def _copy(path: Path) -> float:
    """Seconds that COPY takes for the file."""
    with stage.owner() as line:
        line.execute("DROP TABLE IF EXISTS bare")
        line.execute("CREATE TABLE bare ({})".format(", ".join(f"{name} text" for name in HEADER)))
        line.execute("CHECKPOINT")
        begin = time.perf_counter()
        with path.open("rb") as stream, line.cursor() as cursor, cursor.copy("COPY bare FROM STDIN CSV HEADER") as copy:
            while block := stream.read(1 << 20):
                copy.write(block)
        return time.perf_counter() - begin


def _import(path: Path, size: int) -> tuple[float, float]:
    """Seconds of the import alone, and the peak memory of its process in MB."""
    with stage.owner() as line:
        line.execute(f"TRUNCATE {EMPTIED} CASCADE")
        line.execute("CHECKPOINT")
    done = subprocess.run(
        [sys.executable, "-m", "tests.benchmarks.csv_import_once", str(path)],
        check=True,
        capture_output=True,
        text=True,
    )
    told = json.loads(done.stdout.splitlines()[-1])
    if told["new"] != size:
        raise RuntimeError(f"{size} rows were written, {told['new']} went in.")
    return told["seconds"], told["peak_mb"]
