"""A process that serves dirty accounts until it is killed: `python -m tests.faults.refresher STEP LAST_DAY`."""

import sys
from datetime import date

import django

django.setup()

from accounts.facts.support import mark_support_change  # noqa: E402
from accounts.facts.verbs import refresh_dirty  # noqa: E402


def main() -> None:
    """Say when it begins, and go on for ever."""
    limit, last_day = int(sys.argv[1]), date.fromisoformat(sys.argv[2])
    sys.stdout.write("begins\n")
    sys.stdout.flush()
    while True:
        mark_support_change()
        refresh_dirty(limit, up_to=last_day)


if __name__ == "__main__":
    main()
