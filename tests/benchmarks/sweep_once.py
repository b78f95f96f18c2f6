"""One sweep of all accounts in a process of its own, so that its memory can be told."""

import json
import sys
import time
from datetime import datetime

import django

from tests.faults.memory import peak_mb


def main(now: datetime) -> None:
    """Evaluate everybody; prints seconds, what came of the matches, and the peak memory as JSON."""
    django.setup()
    from rewards.campaigns.evaluating import evaluate_all

    began = time.perf_counter()
    outcomes = evaluate_all(now=now)
    took = time.perf_counter() - began
    sys.stdout.write(json.dumps({"seconds": took, "outcomes": outcomes, "peak_mb": peak_mb()}) + "\n")


if __name__ == "__main__":
    main(datetime.fromisoformat(sys.argv[1]))
