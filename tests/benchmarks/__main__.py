"""Run benchmarks by name, or all: `python -m tests.benchmarks ingest`.

Each prints a table and one line of JSON for each result. The exit code is 1
when a target was missed.
"""

import importlib
import sys

from tests.benchmarks.results import Result, as_json, table

# Name → module with `run() -> list[Result]`. A module is imported only when it is asked
# for, because it may start engines of its own before it reads the settings.
BENCHMARKS = {
    "ingest": "tests.benchmarks.ingest",
}


def main(names: list[str]) -> int:
    """Run the named benchmarks; returns the exit code."""
    unknown = [name for name in names if name not in BENCHMARKS]
    if unknown:
        sys.stderr.write(f"No benchmark is called {', '.join(unknown)}. There are: {', '.join(BENCHMARKS)}.\n")
        return 2
    missed = False
    for name in names or BENCHMARKS:
        results: list[Result] = importlib.import_module(BENCHMARKS[name]).run()
        sys.stdout.write(f"\n{name}\n{table(results)}\n\n")
        sys.stdout.writelines(f"{as_json(result)}\n" for result in results)
        sys.stdout.flush()
        missed = missed or any(result.met is False for result in results)
    return int(missed)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
