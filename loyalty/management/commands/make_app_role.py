"""Make the database role that the application runs as: it owns nothing."""

import os
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from django.db import connection
from psycopg import sql


class Command(BaseCommand):
    help = "Make the role DATABASE_APP_ROLE with the password DATABASE_APP_PASSWORD. Run as the owner, before migrate."

    def handle(self, *args: Any, **options: Any) -> None:
        role, password = settings.DATABASE_APP_ROLE, os.environ.get("DATABASE_APP_PASSWORD", "")
        if not role or not password:
            raise CommandError("Set DATABASE_APP_ROLE and DATABASE_APP_PASSWORD.")
        with connection.cursor() as cursor:
            cursor.execute("SELECT EXISTS (SELECT FROM pg_roles WHERE rolname = %s)", [role])
            verb = "ALTER" if cursor.fetchone()[0] else "CREATE"
            statement = sql.SQL("{} ROLE {} LOGIN NOSUPERUSER NOCREATEDB NOCREATEROLE PASSWORD {}")
            cursor.execute(statement.format(sql.SQL(verb), sql.Identifier(role), sql.Literal(password)))
        self.stdout.write(f"The role {role} is ready.")
