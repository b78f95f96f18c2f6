"""Fault row 25: a large file in bad condition, its import killed, taken up again, and done once more."""

import csv
import json
import os
import re
import signal
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from io import StringIO
from pathlib import Path

from django.db import connection
from django.db.models import Sum

from accounts.intake.files.lines import WRONG_QUOTES
from accounts.intake.models import IntakeBatch
from accounts.records.models import Account, Contact
from accounts.sources.rules import Kind
from accounts.sources.verbs import create_source
from accounts.usage.models import DailyUsage, Event
from loyalty.engines.layout import CHECKOUT
from loyalty.engines.processes import wait_until

HEADER = ["usage_id", "account_id", "contact_id", "feature_name", "usage_count", "duration_secs", "usage_date"]
BAD_EVERY = 100
ACCOUNTS, CONTACTS = 200, 1_000
# Field (by its place) → what is wrong with it, and the reason that is expected.
WRONG: list[tuple[dict[int, str], str]] = [
    ({0: ""}, "usage_id is empty."),
    ({6: "yesterday"}, "usage_date “yesterday” is not a time such as 2026-11-14 09:30:00."),
    ({1: "A-none"}, "There is no account A-none. Import the accounts first."),
    ({4: "-1"}, "usage_count “-1” is not a whole number of zero or more."),
    ({3: "a,b"}, "The row has 8 columns, the header 7."),
    ({0: "U-0"}, "usage_id is repeated: it stands in line 2 already."),
    ({3: "a\0b"}, "The row holds a NUL character."),
    ({3: '"a"b'}, WRONG_QUOTES),
    ({6: "2226-01-01"}, "The use is dated more than 24 hours ahead."),
    ({2: "of-another"}, "The contact of-another belongs to another account."),
]
SUMMARY = re.compile(r"Read ([\d,]+): ([\d,]+) new, ([\d,]+) changed, ([\d,]+) unchanged .*, ([\d,]+) refused")


@dataclass(frozen=True)
class Told:
    """What one import said: rows read, new, changed, unchanged and refused; its peak memory in MB; the refused rows."""

    read: int
    new: int
    changed: int
    unchanged: int
    refused: int
    peak_mb: int
    lines: list[tuple[int, str]]


@dataclass(frozen=True)
class Broken:
    """A killed import, the one that finished it and the one after; events then, and the sum of daily usage."""

    stored_at_kill: int
    finished: Told
    again: Told
    events: int
    counted: int
    expected: list[tuple[int, str]]


def break_and_finish(folder: Path, rows: int, *, chunk: int, kill_after: int) -> Broken:
    """Kill the import once `kill_after` chunks are in, then let it be done, twice."""
    _set_up()
    path = folder / "use.csv"
    expected = write(path, rows)
    with _started(path, chunk) as killed:
        wait_until(lambda: IntakeBatch.objects.count() >= kill_after or killed.poll() is not None, 600.0, every=0.01)
        killed.send_signal(signal.SIGKILL)
    assert killed.returncode == -signal.SIGKILL
    stored = Event.objects.count()
    finished, again = (_imported(path, chunk) for _ in range(2))
    counted = DailyUsage.objects.aggregate(n=Sum("events"))["n"]
    return Broken(stored, finished, again, Event.objects.count(), counted, expected)


def write(path: Path, rows: int) -> list[tuple[int, str]]:
    """Write the file; returns line and reason of the rows that are to be refused."""
    expected, line = [], 2
    with path.open("wb") as stream:
        stream.write(b"\xef\xbb\xbf" + ",".join(HEADER).encode() + b"\r\n")
        for n in range(rows):
            cells, encoding = _row(n), "cp1252" if n % 10 == 6 else "utf-8"
            if n % BAD_EVERY == BAD_EVERY // 2:
                wrong, reason = WRONG[n // BAD_EVERY % len(WRONG)]
                cells = [wrong.get(place, cell) for place, cell in enumerate(cells)]
                expected.append((line, reason))
            raw = ",".join(cells).encode(encoding) + b"\r\n"
            stream.write(raw)
            line += raw.count(b"\n")
    return expected


def _row(n: int) -> list[str]:
    """A good row; every tenth name goes over two lines, others are not of ASCII."""
    name = {3: '"Report\r\nGenerated"', 5: "Größe geändert", 6: "Größe geändert"}.get(n % 10, "Report Generated")
    contact = n % CONTACTS
    at = f"2026-{1 + n // 28 % 9:02}-{1 + n % 28:02} {n % 24:02}:{n % 60:02}:00"
    return [f"U-{n}", f"A-{contact % ACCOUNTS}", f"C-{contact}", name, "1", str(n % 900), at]


def _set_up() -> None:
    create_source("Product", [Kind.USAGE, Kind.ACCOUNT], acting_user=None)
    Account.objects.bulk_create(Account(external_id=f"A-{n}", name=f"Company {n}") for n in range(ACCOUNTS))
    other = Account.objects.create(external_id="other", name="Another company")
    Contact.objects.create(external_id="of-another", account=other)


def _imported(path: Path, chunk: int) -> Told:
    process = _started(path, chunk)
    said, _ = process.communicate()
    assert process.returncode == 0, said
    found = SUMMARY.search(said)
    assert found, said
    counts = [int(count.replace(",", "")) for count in found.groups()]
    return Told(*counts, json.loads(said.splitlines()[-1])["peak_mb"], list(_refused(path)))


def _started(path: Path, chunk: int) -> subprocess.Popen[str]:
    """The import in a process of its own, on the database that this one uses."""
    told = connection.settings_dict
    url = f"postgresql://{told['USER']}@/{told['NAME']}?host={told['HOST']}&port={told['PORT']}"
    command = [sys.executable, "-m", "tests.faults.csv_once", str(path), str(chunk)]
    environ = os.environ | {"DATABASE_URL": url, "SECRET_KEY": "of-the-test-only", "PYTHONPATH": str(CHECKOUT)}
    environ["DJANGO_SETTINGS_MODULE"] = "loyalty.settings"
    return subprocess.Popen(command, env=environ, cwd=CHECKOUT, stdout=subprocess.PIPE, text=True)


def _refused(path: Path) -> Iterator[tuple[int, str]]:
    """Line and reason of the rows in the file of refused ones."""
    told = path.with_name(f"{path.name}.refused.csv").read_text(encoding="utf-8")
    rows = csv.reader(StringIO(told, newline=""))
    next(rows)
    for line, reason, *_ in rows:
        yield int(line), reason
