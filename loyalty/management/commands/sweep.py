"""The nightly order, by hand."""

from argparse import ArgumentParser
from datetime import date
from typing import Any

from django.core.management.base import BaseCommand

from loyalty.pipeline import sweep_now


class Command(BaseCommand):
    """Harmless to repeat, and while the night's own sweep runs."""

    help = "Work out the facts of the day for all accounts, let overdue offers lapse, and propose what is due."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Declare the options."""
        parser.add_argument("--as-of", type=date.fromisoformat, help="the day (UTC) whose facts to work out")

    def handle(self, *args: Any, **options: Any) -> None:
        """Sweep once and say what came of it."""
        dealt_with = sweep_now(options["as_of"])
        self.stdout.write(f"Swept: {dealt_with} new {'match' if dealt_with == 1 else 'matches'} dealt with.")
