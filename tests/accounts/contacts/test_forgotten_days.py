"""What was counted and then forgotten is not counted a second time, whichever way it comes again."""

import re
import threading
from collections.abc import Callable, Sequence
from datetime import UTC, date, datetime, timedelta
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest
import time_machine
from django.db import connection, connections, transaction
from django.test import Client

from accounts.contacts.retention import forget_old, forgotten_days, keep_for
from accounts.intake.rules import FORGOTTEN
from accounts.sources.rules import Kind
from accounts.usage.models import ContactDay, DailyUsage, Event, EventDay, ForgottenDays, MeteredDay
from loyalty.core.people.models import User
from tests.accounts.files.files import ACCOUNTS, refused, take
from tests.accounts.intake.conftest import basic
from tests.concurrency import SECONDS, until_somebody_waits
from tests.factories import EventFactory, SourceFactory

TODAY = date(2026, 6, 15)
HEAD = "usage_id,account_id,user_id,usage_date,feature_name,usage_count\n"
JANUARY = HEAD + "U-1,A-1,ana,2026-01-10,Report Shared,3\nU-2,A-1,bob,2026-01-20,Report Shared,4\n"


@pytest.fixture
def months(administrator: User) -> None:
    """Raw events are kept from 15 March 2026 on."""
    keep_for(3, acting_user=administrator)


@pytest.fixture
def send(client: Client, db: None) -> Callable[..., Any]:
    """Import events of account A-1, dated as told, with the ids e-<date>; gives the answer."""
    SourceFactory(name="Product", kinds=[Kind.USAGE, Kind.ACCOUNT], key="key")

    def post(*days: str) -> Any:
        batch: list[dict[str, Any]] = [{"type": "group", "messageId": "g", "userId": "ana", "groupId": "A-1"}]
        batch += [
            {
                "type": "track",
                "messageId": f"e-{day}",
                "userId": "ana",
                "event": "Report Shared",
                "context": {"groupId": "A-1"},
                "timestamp": f"{day}T10:00:00Z",
                "properties": {"gigabytes": 2},
            }
            for day in days
        ]
        headers = {"Authorization": basic("key")}
        with time_machine.travel(datetime(2026, 6, 15, 12, tzinfo=UTC), tick=False):
            return client.post("/v1/import", {"batch": batch}, content_type="application/json", headers=headers).json()

    return post


def counted() -> list[Sequence[Any]]:
    tables = (DailyUsage, EventDay, ContactDay, MeteredDay)
    return [list(table._default_manager.order_by("pk").values_list()) for table in tables]


@pytest.mark.django_db
def test_a_file_of_forgotten_days_counts_once(months: None, tmp_path: Path) -> None:
    take(tmp_path, "account", ACCOUNTS)
    take(tmp_path, "usage", JANUARY)
    before = counted()
    assert (forget_old(TODAY), Event.objects.count()) == (2, 0)

    said = take(tmp_path, "usage", JANUARY)

    assert "Read 2: 0 new, 0 changed, 0 unchanged (here already), 2 refused" in said
    assert [row[1] for row in refused(tmp_path, "usage")] == [FORGOTTEN.reason] * 2
    assert (counted(), forgotten_days()) == (before, (date(2026, 1, 10), date(2026, 1, 20)))


@pytest.mark.django_db
def test_calls_of_forgotten_days_count_once(months: None, send: Callable[..., Any]) -> None:
    send("2026-01-10", "2026-01-20", "2026-04-01")
    before = counted()
    assert forget_old(TODAY) == 2

    answer = send("2026-01-10", "2026-01-15", "2026-01-20", "2026-04-01")

    assert [one["code"] for one in answer["refused"]] == ["forgotten"] * 3
    assert (answer["accepted"], answer["duplicates"], counted()) == (0, 2, before)


@pytest.mark.django_db
def test_days_of_which_nothing_was_forgotten_are_open(months: None, send: Callable[..., Any]) -> None:
    assert (forget_old(TODAY), forgotten_days()) == (0, None)
    assert send("2026-01-10", "2026-01-20")["accepted"] == 3
    forget_old(TODAY)
    assert send("2026-01-09", "2026-01-21", "2026-05-01")["accepted"] == 3
    forget_old(TODAY)
    assert forgotten_days() == (date(2026, 1, 9), date(2026, 1, 21))
    assert sum(DailyUsage.objects.values_list("events", flat=True)) == 5


@pytest.mark.django_db
def test_keeping_them_for_longer_opens_no_forgotten_day(
    months: None, send: Callable[..., Any], administrator: User
) -> None:
    send("2026-01-10")
    forget_old(TODAY)
    for longer in (24, None):
        keep_for(longer, acting_user=administrator)
        forget_old(TODAY)
        assert [one["code"] for one in send("2026-01-10")["refused"]] == ["forgotten"]


@pytest.mark.django_db
def test_the_settings_name_the_days(cs: User, signed_in_as: Callable[[User], Client]) -> None:
    ForgottenDays.objects.create(id=1, since=datetime(2026, 1, 10, tzinfo=UTC), until=datetime(2026, 1, 21, tzinfo=UTC))
    page = signed_in_as(cs).get("/settings/retention/").content.decode()
    text = re.sub("<[^>]*>", "", page)
    assert "Raw events were deleted of the days from 10 Jan 2026 to 20 Jan 2026 (UTC)." in text


@pytest.mark.django_db
@pytest.mark.parametrize(("was_set", "days"), [(True, (date(2026, 1, 10), date(2026, 1, 20))), (False, None)])
def test_days_that_were_forgotten_before_are_found_by_their_sums(
    was_set: bool, days: tuple[date, date] | None, administrator: User
) -> None:
    if was_set:
        keep_for(None, acting_user=administrator)
    known = EventFactory(occurred_at=datetime(2026, 1, 21, 23, tzinfo=UTC)).account
    for day, events in ((9, 0), (10, 2), (20, 1), (21, 1)):
        DailyUsage.objects.create(
            account=known, day=date(2026, 1, day), events=events, key_actions=0, sign_ins=0, seconds=0
        )
    with connection.cursor() as cursor:
        cursor.execute(import_module("accounts.migrations.0013_forgotten_days").FORGOTTEN_SO_FAR)
    assert forgotten_days() == days


@pytest.mark.django_db(transaction=True)
def test_nothing_is_deleted_while_somebody_stores_who_knew_nothing_of_it(months: None) -> None:
    old = datetime(2026, 1, 10, tzinfo=UTC)
    acme = EventFactory(name="Signed In", occurred_at=old).account

    def night() -> None:
        try:
            forget_old(TODAY)
        finally:
            connections.close_all()

    thread = threading.Thread(target=night)
    with transaction.atomic():
        EventFactory(name="Signed In", account=acme, occurred_at=old + timedelta(hours=1))
        thread.start()
        until_somebody_waits()
        assert (forgotten_days(), Event.objects.count()) == ((old.date(), old.date()), 2)
    thread.join(SECONDS)
    assert Event.objects.count() == 0
