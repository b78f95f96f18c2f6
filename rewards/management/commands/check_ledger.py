"""manage.py check_ledger: prove that the books add up, or name the rows that do not."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError

from rewards.ledger.reconciliation import check


class Command(BaseCommand):
    """Exit 0 with one sentence of figures; exit 1 with each row that does not add up."""

    help = "Prove that the ledger, the liability, the lots and the caps add up. Exit 1 and the rows if not."

    def handle(self, *args: Any, **options: Any) -> None:
        found = check()
        for problem in found.problems:
            self.stdout.write(f"{problem.row}: {problem.words} ({problem.what})")
        if found.problems:
            raise CommandError(f"{len(found.problems)} do not add up. {found.statement}.", returncode=1)
        self.stdout.write(f"The ledger adds up: {found.statement}.")
