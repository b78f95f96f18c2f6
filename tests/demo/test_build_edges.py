"""Builds at the edge: one that was killed is finished by the next start; one account is enough, none is not."""

from datetime import UTC, datetime

import pytest
import time_machine
from django.db import transaction
from pytest_django import DjangoDbBlocker

from accounts.records.models import Account
from loyalty.core.audit.models import AuditLine
from loyalty.demo import build
from tests.demo.told import as_told, quiet

NOW = datetime(2026, 11, 19, 16, 30, tzinfo=UTC)
ACCOUNTS = 3


class Killed(BaseException):
    """Stands for kill -9: nothing catches it, and PostgreSQL undoes the transaction."""


@pytest.fixture(scope="module")
def undisturbed(django_db_setup: None, django_db_blocker: DjangoDbBlocker) -> list[list[str]]:
    """What a build tells that nobody disturbs."""
    with django_db_blocker.unblock(), transaction.atomic(), time_machine.travel(NOW, tick=False):
        build(ACCOUNTS, quiet, now=NOW)
        told = as_told()
        transaction.set_rollback(True)
    return told


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("what", "done"),
    [
        ("Making up customers", 2),
        ("Writing their history, by month", 5),
        ("Finding who reached which milestone", 0),
        ("Working out facts, by month", 6),
        ("Proposing offers", 0),
    ],
)
def test_the_next_start_finishes_without_doing_anything_twice(
    what: str, done: int, undisturbed: list[list[str]]
) -> None:
    def kill(label: str, at: int, _total: int) -> None:
        if (label, at) == (what, done):
            raise Killed

    with time_machine.travel(NOW, tick=False):
        with pytest.raises(Killed):
            build(ACCOUNTS, kill, now=NOW)
        build(ACCOUNTS, quiet, now=NOW)
    assert all(undisturbed[:11])
    assert as_told() == undisturbed
    assert AuditLine.objects.filter(object_type="demo company").count() == 1
    assert AuditLine.objects.filter(verb="person_created").count() == 9


@pytest.mark.django_db
def test_a_company_of_one_account_can_be_built_and_one_of_none_cannot() -> None:
    with time_machine.travel(NOW, tick=False):
        build(1, quiet, now=NOW)
        assert Account.objects.count() == 1
        with pytest.raises(ValueError, match="at least one account"):
            build(0, quiet, now=NOW)
