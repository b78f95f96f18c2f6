"""The import as a whole: whose data, which file, and what is left when it breaks."""

from datetime import datetime
from pathlib import Path

import pytest
from django.core.management import CommandError
from django.db.migrations.executor import MigrationExecutor

from accounts.intake.files.importing import import_file, plan_import
from accounts.intake.models import IntakeBatch, RefusedItem
from accounts.records.models import Account
from accounts.sources.models import Source
from accounts.sources.rules import Kind
from accounts.sources.verbs import create_source, make_key
from tests.accounts.files.files import ACCOUNTS, SUBSCRIPTIONS, refused, take, write

pytestmark = pytest.mark.django_db


def test_what_is_kept_of_refused_rows_is_bounded_the_file_has_all(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("accounts.intake.files.keeping.REFUSED_KEPT", 2)

    take(tmp_path, "account", "account_id,account_name\n" + "A-1,\n" * 5)

    assert RefusedItem.objects.count() == 2
    assert len(refused(tmp_path, "account")) == 5


def test_only_the_system_of_record_is_taken_in(tmp_path: Path) -> None:
    create_source("CRM", [Kind.ACCOUNT], acting_user=None)

    with pytest.raises(CommandError, match="the system of record is CRM, not Spreadsheet"):
        take(tmp_path, "account", ACCOUNTS, "--source", "Spreadsheet")

    assert (Account.objects.count(), IntakeBatch.objects.count()) == (0, 0)
    take(tmp_path, "account", ACCOUNTS)
    assert IntakeBatch.objects.get().source == Source.objects.get(name="CRM")


def test_without_a_source_the_files_become_the_system_of_record(tmp_path: Path) -> None:
    take(tmp_path, "account", ACCOUNTS)
    take(tmp_path, "subscription", SUBSCRIPTIONS)

    files = Source.objects.get()
    assert (files.name, sorted(files.kinds.values_list("kind", flat=True))) == ("Files", ["account", "subscription"])


def test_a_file_is_heard_when_it_tells_something_and_nobody_else_sends_for_its_source(tmp_path: Path) -> None:
    source = create_source("CRM", [Kind.ACCOUNT], acting_user=None)

    def heard_at(content: str) -> datetime | None:
        Source.objects.update(last_received_at=None)
        take(tmp_path, "account", content)
        return Source.objects.get().last_received_at

    nothing_good = "account_id,account_name\n,Acme\n"
    assert [heard_at(content) is not None for content in (nothing_good, ACCOUNTS, ACCOUNTS)] == [False, True, False]
    make_key(source, acting_user=None)
    assert heard_at(ACCOUNTS.replace("Acme", "Acme Inc")) is None
    assert Account.objects.get().name == "Acme Inc"


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (["--map", "account_name=title"], "There is no field “title” for account files"),
        (["--map", "nonsense=name"], "The file has no column “nonsense”"),
    ],
)
def test_what_cannot_be_mapped_stops_the_import(tmp_path: Path, options: list[str], words: str) -> None:
    with pytest.raises(CommandError, match=words):
        take(tmp_path, "account", ACCOUNTS, *options)


def test_a_missing_file_is_told_by_name(tmp_path: Path) -> None:
    with pytest.raises(CommandError, match="No such file"):
        take(tmp_path, "account", ACCOUNTS, "--refused", str(tmp_path / "nowhere" / "x.csv"))


def test_an_import_that_breaks_leaves_whole_chunks_and_the_next_takes_the_rest(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("accounts.intake.files.importing.CHUNK", 2)
    source = create_source("CRM", [Kind.ACCOUNT], acting_user=None)
    path = write(tmp_path, "a.csv", "account_id,account_name\n" + "".join(f"A-{n},Company {n}\n" for n in range(5)))
    plan = plan_import(path, Kind.ACCOUNT, source, {})
    create = IntakeBatch.objects.create

    def breaks(**fields: object) -> IntakeBatch:
        if Account.objects.count() > 2:
            raise InterruptedError
        return create(**fields)

    with monkeypatch.context() as broken:
        broken.setattr(IntakeBatch.objects, "create", breaks)
        with pytest.raises(InterruptedError):
            import_file(plan, tmp_path / "refused.csv", acting_user=None)
    assert Account.objects.count() == 2

    summary, _ = import_file(plan, tmp_path / "refused.csv", acting_user=None)
    assert (summary.new, summary.unchanged) == (3, 2)


def test_a_database_that_is_not_set_up_is_told_before_anything_is_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(MigrationExecutor, "migration_plan", lambda *arguments: [("accounts", "0001_initial")])

    with pytest.raises(CommandError, match="Run manage.py migrate first"):
        take(tmp_path, "account", ACCOUNTS)

    assert Account.objects.count() == 0
