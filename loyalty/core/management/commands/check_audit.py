"""manage.py check_audit: prove that no audit line was altered since it was sealed, or name those that were."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from loyalty.core.audit.models import AuditSeal
from loyalty.core.audit.sealing import check_seals, seal


class Command(BaseCommand):
    """Exit 0 with one sentence of figures and the last digest; exit 1 with each line that is not as it was."""

    help = "Seal what is not sealed yet, then prove that no audit line was altered. Exit 1 and the lines if not."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "--noted",
            metavar="DIGEST",
            help="A digest that an earlier run printed and you noted elsewhere: it must still be one of the seals.",
        )

    def handle(self, *args: Any, **options: Any) -> None:
        seal()
        found = check_seals()
        told = [problem.words for problem in found.problems]
        noted = options["noted"]
        if noted and not AuditSeal.objects.filter(digest=noted).exists():
            told.append(f"No seal has the digest {noted}: the seals were made anew")
        for words in told:
            self.stdout.write(words)
        figures = f"{found.lines:,} lines in {found.seals:,} seals"
        if told:
            raise CommandError(f"{len(told)} things are not as they were sealed. {figures}.", returncode=1)
        self.stdout.write(f"Nothing was altered: {figures}. Last digest: {found.last_digest or 'none yet'}")
