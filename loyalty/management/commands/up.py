"""`manage.py up`: the same application on an empty database."""

import json
import os
import sys
from argparse import ArgumentParser
from collections.abc import Mapping
from getpass import getpass
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from loyalty.core.errors import DomainError
from loyalty.core.people.models import User
from loyalty.core.people.verbs import create_person
from loyalty.engines import Endpoints, EngineError
from loyalty.engines.progress import Progress
from loyalty.management import running
from loyalty.shipped import ensure_shipped


class Command(BaseCommand):
    """Start everything; on the first start make the first administrator."""

    help = (
        "Run the application on its own data. The first administrator comes from a prompt, or from "
        "LOYALTY_ADMIN_USERNAME and LOYALTY_ADMIN_PASSWORD. Ctrl-C stops all of it."
    )
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Declare the options; manage.py itself takes --data-dir, before the settings are read."""
        parser.add_argument("--port", type=int, help="port to listen on (default: the first free one from 8000 on)")
        parser.add_argument("--data-dir", help="where the data lies (default: .loyalty beside manage.py)")
        parser.add_argument("--json", action="store_true", help="print one line of JSON when ready, progress on stderr")

    def handle(self, *_args: Any, **options: Any) -> None:
        """Run until Ctrl-C."""
        progress = Progress(sys.stderr if options["json"] else sys.stdout)

        def fill(_found: Endpoints) -> None:
            ensure_shipped()
            if not User.objects.exists():
                name = make_first_administrator(os.environ)
                progress.line(f"Made the first administrator, {name}")

        def announce(url: str) -> None:
            if options["json"]:
                sys.stdout.write(json.dumps({"url": url, "users": [], "sources": []}) + "\n")
                sys.stdout.flush()
            else:
                progress.plain(f"\nOpen {url}\n\nCtrl-C stops everything.")

        try:
            running.run(running.Options(options["port"], announce), progress, fill)
        except (EngineError, DomainError) as error:
            raise CommandError(str(error)) from error


def make_first_administrator(environ: Mapping[str, str]) -> str:
    """Make the first administrator from the environment, else ask; returns the username.

    Raises CommandError when nobody can be asked, DomainError for a weak password.
    """
    username, password = environ.get("LOYALTY_ADMIN_USERNAME", ""), environ.get("LOYALTY_ADMIN_PASSWORD", "")
    if not (username and password):
        if not sys.stdin.isatty():
            raise CommandError("Set LOYALTY_ADMIN_USERNAME and LOYALTY_ADMIN_PASSWORD to make the first administrator.")
        sys.stderr.write("The first administrator, who will let the others in:\n")
        username, password = input("Username: ").strip(), getpass("Password: ")
    create_person(username, username, password, functions=[], is_administrator=True, acting_user=None)
    return username
