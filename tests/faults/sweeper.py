"""A process that evaluates range after range until it is killed: `python -m tests.faults.sweeper`."""

import sys

import django

django.setup()

from rewards.campaigns.evaluating import account_ranges, evaluate_due, evaluate_range  # noqa: E402
from rewards.campaigns.scope import BUCKET  # noqa: E402

DUE_A_STEP = 5


def main() -> None:
    """Say when it begins, and go on for ever: marks, and all accounts."""
    sys.stdout.write("begins\n")
    sys.stdout.flush()
    while True:
        while evaluate_due(DUE_A_STEP) is not None:
            pass
        for first, last in account_ranges(BUCKET):
            evaluate_range(first, last)


if __name__ == "__main__":
    main()
