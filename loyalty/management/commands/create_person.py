"""Make a person who can sign in, from the machine that the application runs on."""

import os
import sys
from argparse import ArgumentParser
from getpass import getpass
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from loyalty.core.errors import DomainError
from loyalty.core.people.rules import Function
from loyalty.core.people.verbs import create_person


class Command(BaseCommand):
    """The password comes from LOYALTY_PASSWORD or a prompt, never from the command line."""

    help = "Make a person: create_person fay --name 'Fay Okafor' --function finance. The password is asked for."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Declare the options."""
        parser.add_argument("username")
        parser.add_argument("--name", help="full name; the username when left out")
        parser.add_argument("--function", action="append", default=[], choices=[f.value for f in Function])
        parser.add_argument("--administrator", action="store_true", help="manages people, sources and keys")

    def handle(self, *args: Any, **options: Any) -> None:
        """Make the person, or say in words why not."""
        password = os.environ.get("LOYALTY_PASSWORD") or (getpass("Password: ") if sys.stdin.isatty() else "")
        if not password:
            raise CommandError("Nobody can be asked for the password: set LOYALTY_PASSWORD.")
        try:
            person = create_person(
                options["username"],
                options["name"] or options["username"],
                password,
                functions=[Function(f) for f in options["function"]],
                is_administrator=options["administrator"],
                acting_user=None,
            )
        except DomainError as error:
            raise CommandError(str(error)) from error
        self.stdout.write(f"{person.display_name} can sign in: {person.functions_in_words}.")
