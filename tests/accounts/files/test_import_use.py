"""Use taken in: counted exactly, once, and placed at the right account."""

from datetime import UTC, datetime
from pathlib import Path

import pytest

from accounts.intake.models import IntakeBatch
from accounts.records.models import Account, Contact
from accounts.usage.models import ContactDay, DailyUsage, Event, EventDay
from tests.accounts.files.files import ACCOUNTS, SUBSCRIPTIONS, USAGE_HEAD, refused, take

pytestmark = pytest.mark.django_db


def test_use_finds_its_account_through_the_subscription_and_is_counted(tmp_path: Path) -> None:
    take(tmp_path, "account", ACCOUNTS)
    take(tmp_path, "subscription", SUBSCRIPTIONS)
    rows = "U-1,S-1,2026-01-31,search,3,90\nU-2,S-1,2026-02-01,search,4,60\nU-3,S-1,2026-02-01,export,0,5\n"

    said = take(tmp_path, "usage", USAGE_HEAD + rows)

    first, second, third = Event.objects.order_by("message_id")
    assert (first.name, first.quantity, first.seconds, first.before_subscription) == ("search", 3, 90, True)
    assert first.occurred_at == datetime(2026, 1, 31, tzinfo=UTC)
    assert (second.before_subscription, third.quantity) == (False, 0)
    assert "Flagged 1: dated before its subscription starts" in said
    assert list(DailyUsage.objects.order_by("day").values_list("events", "seconds")) == [(3, 90), (4, 65)]
    assert list(EventDay.objects.order_by("day", "name").values_list("name", "quantity")) == [
        ("search", 3),
        ("export", 0),
        ("search", 4),
    ]


def test_a_repeated_message_is_refused_and_twice_the_file_is_once_the_use(tmp_path: Path) -> None:
    take(tmp_path, "account", ACCOUNTS)
    take(tmp_path, "subscription", SUBSCRIPTIONS)
    rows = USAGE_HEAD + "U-1,S-1,2026-02-01,search,3,90\nU-2,S-1,2026-02-02,search,1,1\nU-1,S-1,2026-02-03,export,9,9\n"

    first = take(tmp_path, "usage", rows)
    again = take(tmp_path, "usage", rows)

    assert "Read 3: 2 new, 0 changed, 0 unchanged (here already), 1 refused" in first
    assert "Read 3: 0 new, 0 changed, 2 unchanged (here already), 1 refused" in again
    assert refused(tmp_path, "usage")[0][:2] == ["4", "usage_id is repeated: it stands in line 2 already."]
    assert sum(DailyUsage.objects.values_list("events", flat=True)) == 4


def test_a_message_that_says_something_else_than_before_is_refused(tmp_path: Path) -> None:
    take(tmp_path, "account", ACCOUNTS)
    take(tmp_path, "subscription", SUBSCRIPTIONS)
    take(tmp_path, "usage", USAGE_HEAD + "U-1,S-1,2026-02-01,search,3,90\n")

    take(tmp_path, "usage", USAGE_HEAD + "U-1,S-1,2026-02-01,search,4,90\n")

    assert refused(tmp_path, "usage")[0][1] == "usage_id is stored already, and says something else."
    assert Event.objects.get().quantity == 3


@pytest.mark.parametrize(
    ("row", "reason"),
    [
        ("U-1,,,2026-02-01,search,,", "The row names neither an account nor a subscription."),
        ("U-1,S-9,,2026-02-01,search,,", "There is no subscription S-9. Import the subscriptions first."),
        ("U-1,,A-9,2026-02-01,search,,", "There is no account A-9. Import the accounts first."),
        ("U-1,S-1,A-2,2026-02-01,search,,", "The subscription S-1 belongs to another account than A-2."),
        ("U-1,S-1,,2226-02-01,search,,", "The use is dated more than 24 hours ahead."),
        ("U-1,S-1,,2026-02-01,search,-1,", "usage_count “-1” is not a whole number of zero or more."),
        ("U-1,S-1,,2026-02-01,search,,of-beta", "The contact of-beta belongs to another account."),
    ],
)
def test_use_that_cannot_be_placed_is_refused(tmp_path: Path, row: str, reason: str) -> None:
    take(tmp_path, "account", ACCOUNTS + "A-2,Beta,,,\n")
    take(tmp_path, "subscription", SUBSCRIPTIONS)
    beta = Account.objects.get(external_id="A-2")
    Contact.objects.create(external_id="of-beta", account=beta)

    head = "usage_id,subscription_id,account_id,usage_date,feature_name,usage_count,user_id\n"
    take(tmp_path, "usage", f"{head}{row}\n")

    assert [found[1] for found in refused(tmp_path, "usage")] == [reason]
    assert (Event.objects.count(), DailyUsage.objects.count()) == (0, 0)


def test_a_contact_who_acts_is_made(tmp_path: Path) -> None:
    take(tmp_path, "account", ACCOUNTS)

    take(tmp_path, "usage", "event_id,account_id,user_id,event,timestamp\nE-1,A-1,u-1,search,2026-02-01T10:00:00Z\n")

    assert Contact.objects.get().account == Account.objects.get()
    assert Event.objects.get().contact == Contact.objects.get()
    assert ContactDay.objects.get().events == 1


def test_many_small_chunks_are_one_big_one(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("accounts.intake.files.importing.CHUNK", 2)
    take(tmp_path, "account", ACCOUNTS)
    take(tmp_path, "subscription", SUBSCRIPTIONS)
    rows = [f"U-{n % 7},S-1,2026-02-01,search,1,1" for n in range(10)]

    said = take(tmp_path, "usage", USAGE_HEAD + "\n".join(rows))

    assert "Read 10: 7 new, 0 changed, 0 unchanged (here already), 3 refused" in said
    assert [tuple(row[:2]) for row in refused(tmp_path, "usage")] == [
        (str(9 + n), f"usage_id is repeated: it stands in line {2 + n} already.") for n in range(3)
    ]
    assert IntakeBatch.objects.count() == 2 + 5


def test_a_message_that_stands_often_is_told_its_first_place_in_the_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("accounts.intake.files.importing.CHUNK", 2)
    take(tmp_path, "account", ACCOUNTS)
    take(tmp_path, "subscription", SUBSCRIPTIONS)
    rows = USAGE_HEAD + "\n".join(f"{name},S-1,2026-02-01,search,1,1" for name in ("U-1", "U-2", "U-1", "U-1"))

    for _ in range(2):
        take(tmp_path, "usage", rows)
        assert [tuple(row[:2]) for row in refused(tmp_path, "usage")] == [
            (line, "usage_id is repeated: it stands in line 2 already.") for line in ("4", "5")
        ]
