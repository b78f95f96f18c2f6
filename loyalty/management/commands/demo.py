"""`manage.py demo`: the application with a demo company and a year of its history."""

import json
import os
import sys
from argparse import ArgumentParser, ArgumentTypeError
from dataclasses import asdict
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from loyalty.demo import DemoAccess, build
from loyalty.engines import Endpoints, EngineError
from loyalty.engines.progress import Progress
from loyalty.management import running

ACCESS_FILE = "demo-access.json"


class Command(BaseCommand):
    """Start everything, build the demo company on the first start, print the sign-ins."""

    help = "Run the application with a demo company. Ctrl-C stops all of it; the next start takes seconds."
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Declare the options; manage.py itself takes --data-dir, before the settings are read."""
        parser.add_argument("--port", type=int, help="port to listen on (default: the first free one from 8000 on)")
        parser.add_argument("--accounts", type=at_least_one, default=400, help="customer companies (default: 400)")
        parser.add_argument("--data-dir", help="where the data lies (default: .loyalty beside manage.py)")
        parser.add_argument("--json", action="store_true", help="print one line of JSON when ready, progress on stderr")

    def handle(self, *_args: Any, **options: Any) -> None:
        """Run until Ctrl-C."""
        progress = Progress(sys.stderr if options["json"] else sys.stdout)
        access: list[DemoAccess] = []

        def fill(found: Endpoints) -> None:
            kept = found.data_dir / ACCESS_FILE
            access.append(build(options["accounts"], progress.update, read_access(kept)))
            write_access(kept, access[0])

        def announce(url: str) -> None:
            if options["json"]:
                sys.stdout.write(json.dumps({"url": url, **asdict(access[0])}) + "\n")
                sys.stdout.flush()
            else:
                progress.plain(sign_ins(url, access[0]))

        try:
            running.run(running.Options(options["port"], announce), progress, fill)
        except EngineError as error:
            raise CommandError(str(error)) from error


def at_least_one(text: str) -> int:
    """A whole number of customers, 1 or more."""
    if not text.isdecimal() or int(text) < 1:
        raise ArgumentTypeError(f"{text!r} is not a number of customers; give 1 or more.")
    return int(text)


def read_access(path: Path) -> DemoAccess | None:
    """The sign-ins and keys of an earlier start, or None when there was none."""
    return DemoAccess(**json.loads(path.read_text())) if path.exists() else None


def write_access(path: Path, access: DemoAccess) -> None:
    """Keep sign-ins and keys, readable by this user only; a crash leaves the old file or the new."""
    fresh = path.with_suffix(".new")
    fresh.unlink(missing_ok=True)
    with open(os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
        json.dump(asdict(access), file, indent=2)
    fresh.replace(path)


def sign_ins(url: str, access: DemoAccess) -> str:
    """The address, the sign-ins and the keys, as a person wants to read them."""
    people = [f"  {u['function']:<15}{u['username']:<20}{u['password']}" for u in access.users]
    keys = [f"  {s['kind']:<15}{s['key']}" for s in access.sources]
    lines = ["", f"Open {url}", "", "Sign in as", *people, "", "Keys to send data with", *keys, ""]
    return "\n".join([*lines, "Ctrl-C stops everything."])
