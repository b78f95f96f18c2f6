"""One worker's share of a sweep of all accounts, in a process of its own, so that its memory can be told."""

import json
import sys
import time
from collections import Counter
from datetime import datetime
from itertools import islice

import django

from tests.faults.memory import peak_mb


def main(now: datetime, place: int, workers: int) -> None:
    """When a line was read, evaluate every range whose turn it is.

    Prints begin, end, what came of the matches, and peak memory as JSON.
    """
    django.setup()
    from rewards.campaigns.evaluating import account_ranges, evaluate_range

    # Whoever is ready first waits for the word, as the workers of the night wait for theirs.
    sys.stdout.write("ready\n")
    sys.stdout.flush()
    sys.stdin.readline()
    began, outcomes = time.time(), Counter[str]()
    for first, last in islice(account_ranges(), place, None, workers):
        outcomes += evaluate_range(first, last, now=now)
    told = {"began": began, "ended": time.time(), "outcomes": outcomes, "peak_mb": peak_mb()}
    sys.stdout.write(json.dumps(told) + "\n")


if __name__ == "__main__":
    main(datetime.fromisoformat(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3]))
