"""Rights of the role that the application runs as, given after every migration.

The owner of the tables migrates; the application's role reads and writes, but
cannot rewrite what is append-only, nor switch its triggers off.
"""

from typing import Any

from django.apps import AppConfig, apps
from django.conf import settings
from django.db import connections
from psycopg import sql

from loyalty.core.append_only import is_append_only


def grant_application_role(sender: AppConfig, using: str, **kwargs: Any) -> None:
    """Give the application's role its rights; does nothing when it owns the tables itself."""
    role = settings.DATABASE_APP_ROLE
    if not role:
        return
    protected = [m._meta.db_table for m in apps.get_models() if is_append_only(m)]
    with connections[using].cursor() as cursor:
        cursor.execute("SELECT current_user <> %s AND EXISTS (SELECT FROM pg_roles WHERE rolname = %s)", [role, role])
        if not cursor.fetchone()[0]:
            return
        name = sql.Identifier(role)
        for statement in (
            "GRANT USAGE ON SCHEMA public TO {}",
            "GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA public TO {}",
            "GRANT USAGE, SELECT ON ALL SEQUENCES IN SCHEMA public TO {}",
        ):
            cursor.execute(sql.SQL(statement).format(name))
        for table in protected:
            cursor.execute(sql.SQL("REVOKE UPDATE, DELETE, TRUNCATE ON {} FROM {}").format(sql.Identifier(table), name))
