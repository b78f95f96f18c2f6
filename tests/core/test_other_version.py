"""A database of another version is refused by `migrate`, in words, and left as it was."""

import pytest
from django.core.management import call_command
from django.core.management.base import CommandError
from django.db import connection
from django.db.migrations.recorder import MigrationRecorder

pytestmark = pytest.mark.django_db


def applied() -> list[tuple[str, str]]:
    return sorted(MigrationRecorder(connection).applied_migrations())


def ran(*names: tuple[str, str]) -> None:
    for app, name in names:
        MigrationRecorder(connection).record_applied(app, name)


def test_a_migration_that_this_version_does_not_have() -> None:
    ran(("rewards", "0035_capacity"), ("accounts", "0033_refused_waiting"))
    before = applied()
    with pytest.raises(CommandError, match=r"accounts 0033_refused_waiting and 1 more .* --data-dir"):
        call_command("migrate", verbosity=0, interactive=False)
    assert applied() == before


def test_it_is_refused_before_what_is_missing_runs() -> None:
    ran(("core", "0016_of_tomorrow"))
    MigrationRecorder(connection).record_unapplied("rewards", "0015_invoices_noted")
    with pytest.raises(CommandError, match=r"core 0016_of_tomorrow ran on it"):
        call_command("migrate", verbosity=0, interactive=False)
    assert ("rewards", "0015_invoices_noted") not in applied()


def test_an_app_that_is_gone_is_no_other_version() -> None:
    ran(("an_app_that_is_gone", "0001_initial"))
    call_command("migrate", verbosity=0, interactive=False)
