"""Taking in files of product use against COPY of the same rows, on the same durable PostgreSQL.

The claim is against COPY into a table like that of events: the same columns,
indexes, checks and foreign keys, with the ids of accounts and contacts looked
up beforehand, which COPY cannot do. That is what it costs to have these rows in
PostgreSQL at all. The import, as the application's role, reads, checks and maps
every row besides, finds accounts and contacts, adds up daily usage and marks
facts dirty, chunk by chunk. COPY into a bare table of text is told too.

The claim is for use as products log it (`csv_files.logged`); a file in which
hardly two rows fall on one day of one contact is told beside it: there every row
costs a row of each sum. Memory is the peak of a process that imports nothing else.
"""

import json
import os
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from statistics import median

from tests.benchmarks import stage
from tests.benchmarks.csv_files import HEADER, Use, account_name, logged, scattered, write
from tests.benchmarks.results import Result

SIZES = tuple(int(size) for size in os.environ.get("CSV_ROWS", "100000,1000000,5000000").split(","))
SCATTERED = min(1_000_000, SIZES[-1])
# A file of this size is taken in so often, each time right after its COPY; the middle one counts.
ROUNDS = 3
ONCE_FROM = 2_000_000
EMPTIED = "accounts_event, accounts_dailyusage, accounts_eventday, accounts_contactday, accounts_factsdirty"
TARGET = 0.6
FLAT = 1.15
BARE = "CREATE TABLE copied ({})".format(", ".join(f"{name} text" for name in HEADER))
LIKE_EVENTS = """
CREATE TABLE copied (LIKE accounts_event INCLUDING ALL);
ALTER TABLE copied ALTER source_id SET DEFAULT 1, ALTER before_subscription SET DEFAULT false,
    ALTER properties SET DEFAULT '{}',
    ADD FOREIGN KEY (account_id) REFERENCES accounts_account DEFERRABLE INITIALLY DEFERRED,
    ADD FOREIGN KEY (contact_id) REFERENCES accounts_contact DEFERRABLE INITIALLY DEFERRED
"""
COLUMNS = "(message_id, account_id, contact_id, name, quantity, seconds, occurred_at)"


@dataclass(frozen=True)
class Round:
    """Rows a second of each way, and the peak memory of the import in MB."""

    bare: float
    like_events: float
    imported: float
    peak: float


def run() -> list[Result]:
    """Files of growing size, then the scattered one."""
    results: list[Result] = []
    with stage.engines(), tempfile.TemporaryDirectory(prefix="loyalty-bench-") as folder:
        peaks = []
        for size in SIZES:
            told = _measured(logged(), size, Path(folder))
            peaks.append(told.peak)
            results += _results(f"{size:,} rows", told)
        growth = peaks[-1] / peaks[0]
        words = f"memory of {SIZES[-1]:,} rows : {SIZES[0]:,} rows"
        results.append(Result("csv", words, round(growth, 3), "×", f"at most {FLAT:g}", growth <= FLAT))
        told = _measured(scattered(), SCATTERED, Path(folder))
    return results + [
        Result("csv", f"import, {SCATTERED:,} scattered rows", told.imported, "rows/s"),
        Result("csv", "import : COPY like events, scattered", round(told.imported / told.like_events, 3), "×"),
    ]


def _results(words: str, told: Round) -> list[Result]:
    ratio = told.imported / told.like_events
    peak = {"peak_mb": round(told.peak)}
    return [
        Result("csv", f"COPY into a bare table, {words}", told.bare, "rows/s"),
        Result("csv", f"COPY into a table like events, {words}", told.like_events, "rows/s"),
        Result("csv", f"import, {words}", told.imported, "rows/s", detail=peak),
        Result("csv", f"import : bare COPY, {words}", round(told.imported / told.bare, 3), "×"),
        Result(
            "csv", f"import : COPY like events, {words}", round(ratio, 3), "×", f"at least {TARGET:g}", ratio >= TARGET
        ),
    ]


def _measured(use: Use, size: int, folder: Path) -> Round:
    """The middle one of some rounds, by the ratio that is claimed."""
    accounts, contacts = _set_up(use)
    path, placed = folder / "use.csv", folder / "placed.csv"
    write(use, size, path, placed, accounts, contacts)
    rounds = []
    for _ in range(ROUNDS if size < ONCE_FROM else 1):
        bare = size / _copy(path, BARE, "", "HEADER")
        like_events = size / _copy(placed, LIKE_EVENTS, COLUMNS, "")
        took, peak = _import(path, size)
        rounds.append(Round(bare, like_events, size / took, peak))
    middle = median(r.imported / r.like_events for r in rounds)
    return next(r for r in rounds if r.imported / r.like_events == middle)


def _set_up(use: Use) -> tuple[dict[str, int], dict[str, int]]:
    """Make the accounts and contacts that are not there yet; returns their ids by name."""
    from accounts.records.models import Account, Contact

    names = {account_name(index) for index in use.members}
    Account.objects.bulk_create((Account(external_id=n, name=n) for n in sorted(names)), ignore_conflicts=True)
    accounts = dict(Account.objects.values_list("external_id", "pk"))
    Contact.objects.bulk_create(
        (
            Contact(external_id=use.contact_name(contact), account_id=accounts[account_name(account)])
            for contact, account in enumerate(use.members)
        ),
        ignore_conflicts=True,
    )
    return accounts, dict(Contact.objects.values_list("external_id", "pk"))


def _copy(path: Path, table: str, columns: str, header: str) -> float:
    """Seconds that COPY takes for the file."""
    with stage.owner() as line:
        line.execute(f"DROP TABLE IF EXISTS copied; {table}")
        line.execute("CHECKPOINT")
        begin = time.perf_counter()
        with (
            path.open("rb") as stream,
            line.cursor() as cursor,
            cursor.copy(f"COPY copied {columns} FROM STDIN CSV {header}") as copy,
        ):
            while block := stream.read(1 << 20):
                copy.write(block)
        took = time.perf_counter() - begin
        line.execute("DROP TABLE copied")
        return took


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
