"""The nightly order, by hand."""

from argparse import ArgumentParser
from datetime import date
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from loyalty.core.errors import DomainError
from loyalty.core.figures import day_text, number_text
from loyalty.pipeline import ORDER, sweep_now


class Command(BaseCommand):
    """Harmless to repeat, and beside the night's own run; workers share in it."""

    help = "Do the nightly order: facts, segments, tiers, expiry, triggers, reminders, reconciliation."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Declare the options."""
        parser.add_argument("--as-of", type=date.fromisoformat, help="the one day (UTC) to work out")

    def handle(self, *args: Any, **options: Any) -> None:
        """Sweep once and say what came of each step."""
        day = options["as_of"]
        if day is not None and day > timezone.now().date():
            self.stderr.write(
                f"{day_text(day)} lies ahead: it is worked out from what is known now, and what is due by then is done."
                " Pages go on showing how things stand today."
            )
        try:
            came = sweep_now(day)
        except DomainError as stopped:
            raise CommandError(str(stopped)) from stopped
        for step, label in ORDER.items():
            counts = ", ".join(f"{name} {number_text(count)}" for name, count in came[step].items() if count)
            self.stdout.write(f"{label}: {counts or 'nothing new'}")
        self.stdout.write("Swept.")
