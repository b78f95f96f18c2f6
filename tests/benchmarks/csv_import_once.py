"""One import in a process of its own, so that its memory can be told."""

import json
import sys
import time
from pathlib import Path

import django

from tests.faults.memory import peak_mb


def main(path: Path) -> None:
    """Take the file in as product use; prints seconds, rows that were new, and the peak memory as JSON."""
    django.setup()
    from accounts.intake.files.importing import import_file, plan_import
    from accounts.intake.files.sources import source_of
    from accounts.sources.rules import Kind

    begin = time.perf_counter()
    plan = plan_import(path, Kind.USAGE, source_of(Kind.USAGE, ""), {})
    summary, _ = import_file(plan, path.with_suffix(".refused.csv"), acting_user=None)
    took = time.perf_counter() - begin
    peak = peak_mb()
    sys.stdout.write(json.dumps({"seconds": took, "new": summary.new, "peak_mb": peak}) + "\n")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
