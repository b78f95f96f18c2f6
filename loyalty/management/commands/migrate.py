"""Django's `migrate`, for databases of this version only."""

from typing import Any

from django.core.management.base import CommandError
from django.core.management.commands import migrate
from django.db import connections

from loyalty.core.errors import DomainError
from loyalty.core.other_version import refuse_other_version


class Command(migrate.Command):
    """Before Django compares the order of what ran, which it would tell by a traceback."""

    def handle(self, *args: Any, **options: Any) -> None:
        """Migrate, or say in words why not."""
        try:
            refuse_other_version(connections[options["database"]])
        except DomainError as refused:
            raise CommandError(str(refused)) from refused
        super().handle(*args, **options)
