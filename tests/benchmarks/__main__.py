"""Run benchmarks by name, or all: `python -m tests.benchmarks ingest`, `python -m tests.benchmarks faults`.

Each prints a table and one line of JSON for each result, and runs in a process
of its own, because it starts engines before it reads the settings. The exit
code is 1 when a target was missed.
"""

import importlib
import subprocess
import sys

from tests.benchmarks.results import Result, as_json, table

# Name → module with `run() -> list[Result]`.
BENCHMARKS = {
    "ingest": "tests.benchmarks.ingest",
    "csv": "tests.benchmarks.csv_import",
    "facts": "tests.benchmarks.facts",
    "sweep": "tests.benchmarks.sweep",
    "stripe": "tests.benchmarks.stripe_webhook",
    "pages": "tests.benchmarks.pages",
    "caps": "tests.benchmarks.caps",
    "ledger": "tests.benchmarks.ledger",
    "liability": "tests.benchmarks.liability",
    "clients": "tests.benchmarks.clients",
    "faults-caps": "tests.faults.caps",
    "faults-ledger": "tests.faults.ledger",
    "faults-decisions": "tests.faults.decisions",
    "faults-broker": "tests.faults.broker_full",
    "faults-ends": "tests.faults.ends_full",
    "faults-sweep": "tests.faults.sweep_full",
    "faults-scarce": "tests.faults.scarce_full",
    "faults-facts": "tests.faults.killed_refresh_full",
    "faults-flood": "tests.faults.flood_full",
    "faults-no-worker": "tests.faults.no_worker_full",
    "faults-ways": "tests.faults.ways_full",
    "faults-csv": "tests.faults.csv_full",
    "faults-order": "tests.faults.order_full",
    "faults-rewriting": "tests.faults.rewriting_full",
    "faults-days": "tests.faults.days_full",
}
GROUPS = {"faults": [name for name in BENCHMARKS if name.startswith("faults-")]}


def main(asked: list[str]) -> int:
    """Run the named benchmarks, or all; returns the exit code."""
    names = [name for word in asked or BENCHMARKS for name in GROUPS.get(word, [word])]
    unknown = [name for name in names if name not in BENCHMARKS]
    if unknown:
        known = ", ".join([*BENCHMARKS, *GROUPS])
        sys.stderr.write(f"No benchmark is called {', '.join(unknown)}. There are: {known}.\n")
        return 2
    if len(names) == 1:
        return run(names[0])
    return max(subprocess.run([sys.executable, "-m", "tests.benchmarks", name]).returncode for name in names)


def run(name: str) -> int:
    """Run one benchmark in this process and print what it found."""
    results: list[Result] = importlib.import_module(BENCHMARKS[name]).run()
    sys.stdout.write(f"\n{name}\n{table(results)}\n\n")
    sys.stdout.writelines(f"{as_json(result)}\n" for result in results)
    sys.stdout.flush()
    return int(any(result.met is False for result in results))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
