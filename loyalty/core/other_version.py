"""A database that another version of the application made is refused before anything in it is changed.

Its tables would be taken for those of this version where the names of migrations are
the same, and made a second time where they are not.
"""

from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.migrations.loader import MigrationLoader

from loyalty.core.errors import DomainError


def refuse_other_version(database: BaseDatabaseWrapper) -> None:
    """Raise DomainError, with what to do, if migrations ran on the database that this version does not have."""
    loader = MigrationLoader(database)
    known = set(loader.disk_migrations)
    known.update(replaced for migration in loader.disk_migrations.values() for replaced in migration.replaces)
    unknown = sorted(set(loader.applied_migrations) - known)
    if strange := [f"{app} {name}" for app, name in unknown if app in loader.migrated_apps]:
        more = f" and {len(strange) - 1} more" if strange[1:] else ""
        raise DomainError(
            f"This database was made by another version of the application: {strange[0]}{more} ran on it, "
            "which this version does not have. Nothing was changed. Run that version, or start with an empty "
            "database: name another folder with --data-dir, or remove this one."
        )
