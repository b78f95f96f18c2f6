"""manage.py import_csv KIND FILE: the first backfill of one kind of data from a file."""

from argparse import ArgumentTypeError, RawDescriptionHelpFormatter
from datetime import date
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import connection
from django.db.migrations.executor import MigrationExecutor
from django.db.models import Count

from accounts.facts.models import FactsDirty
from accounts.facts.support import mark_support_change
from accounts.facts.verbs import refresh_dirty
from accounts.intake.files.importing import Plan, Summary, import_file, plan_import
from accounts.intake.files.mapping import LEAVE_OUT, MappingProblem
from accounts.intake.files.progress import Progress
from accounts.intake.files.reading import FileProblem
from accounts.intake.files.shapes import SHAPES
from accounts.intake.files.sources import source_of
from accounts.sources.rules import Kind
from loyalty.core.errors import DomainError

ACCOUNTS_A_STEP = 50
FIELDS = "\n".join(f"  {kind.value}: {', '.join(f.name for f in shape.fields)}" for kind, shape in SHAPES.items())
EPILOG = f"""Columns are found by their names; --map says otherwise. The fields of each kind:
{FIELDS}

Rows that cannot go in are written to FILE.refused.csv with their line and the
reason; the rest goes in. The same file again changes nothing, so an import that
was stopped is finished by running it again."""


class Command(BaseCommand):
    help = "Take in a CSV file of accounts, subscriptions, usage, support tickets or feedback."

    def create_parser(self, prog_name: str, subcommand: str, **kwargs: Any) -> CommandParser:
        kwargs |= {"epilog": EPILOG, "formatter_class": RawDescriptionHelpFormatter}
        return super().create_parser(prog_name, subcommand, **kwargs)

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("kind", choices=[kind.value for kind in SHAPES])
        parser.add_argument("file", type=Path)
        parser.add_argument(
            "--map",
            action="extend",
            nargs="+",
            type=_pair,
            default=[],
            metavar="COLUMN=FIELD",
            help=f"which field a column is; COLUMN={LEAVE_OUT} leaves it out",
        )
        parser.add_argument("--source", default="", help="the source that the data is from (default: the active one)")
        parser.add_argument("--refused", type=Path, help="where refused rows go (default: FILE.refused.csv)")
        parser.add_argument(
            "--as-of", type=date.fromisoformat, help="work facts out up to this day (UTC) instead of today"
        )
        parser.add_argument(
            "--no-refresh", action="store_true", help="leave the facts to the worker or to a later import"
        )

    def handle(self, *, kind: str, file: Path, source: str, refused: Path | None, **options: Any) -> None:
        _check_migrated()
        refused = refused or file.with_name(f"{file.name}.refused.csv")
        try:
            plan = plan_import(file, Kind(kind), source_of(Kind(kind), source), dict(options["map"]))
            self._say_mapping(plan)
            progress = Progress(self.stdout, file.name, "lines")
            summary, not_utf_8 = import_file(plan, refused, acting_user=None, report=progress)
        except (OSError, FileProblem, MappingProblem, DomainError) as problem:
            raise CommandError(_told(problem)) from problem
        progress.finish(summary.read)
        self._say_summary(plan, summary, not_utf_8, refused)
        if not options["no_refresh"]:
            self._refresh(options["as_of"])

    def _say_mapping(self, plan: Plan) -> None:
        used = ", ".join(f"{m.column} → {m.field.name}" for m in plan.mapped)
        self.stdout.write(f"Into {plan.source.name}: {used}")

    def _say_summary(self, plan: Plan, summary: Summary, not_utf_8: int, refused: Path) -> None:
        self.stdout.write(
            f"Read {summary.read:,}: {summary.new:,} new, {summary.changed:,} changed, {summary.unchanged:,} unchanged"
            f" (here already), {summary.refused:,} refused"
        )
        if plan.shape.marks_flag:
            self.stdout.write(f"Flagged {summary.flagged:,}: {plan.shape.marks_flag}")
        if summary.refused:
            self.stdout.write(f"The refused rows and the reasons are in {refused}")
        if not_utf_8:
            self.stdout.write(f"{not_utf_8:,} lines were not UTF-8 and were read as Windows-1252")

    def _refresh(self, as_of: date | None) -> None:
        mark_support_change()
        total = FactsDirty.objects.aggregate(n=Count("account", distinct=True))["n"]
        progress, done = Progress(self.stdout, "Account facts", "accounts"), 0
        while served := refresh_dirty(ACCOUNTS_A_STEP, up_to=as_of):
            done += len(served)
            progress(done, total)
        progress.finish(done)


def _check_migrated() -> None:
    executor = MigrationExecutor(connection)
    if executor.migration_plan(executor.loader.graph.leaf_nodes()):
        raise CommandError("The database is not set up for this version. Run manage.py migrate first.")


def _pair(text: str) -> tuple[str, str]:
    column, separator, field = text.rpartition("=")
    if not separator or not column or not field:
        raise ArgumentTypeError(f"“{text}” is not COLUMN=FIELD")
    return column, field


def _told(problem: Exception) -> str:
    if isinstance(problem, OSError):
        return f"{problem.filename}: {problem.strerror}"
    hint = " (--map COLUMN=FIELD says what a column is)" if isinstance(problem, MappingProblem) else ""
    return f"{problem}{hint}"
