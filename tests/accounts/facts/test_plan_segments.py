"""The plan segment of a day is what was told by then, whenever the day is worked out."""

from datetime import timedelta
from pathlib import Path

import pytest
from django.utils import timezone

from accounts.facts.models import AccountFacts, FactsDirty
from accounts.facts.verbs import refresh, refresh_dirty
from accounts.records.dated import PlanSegmentSince
from accounts.records.models import Account
from tests.accounts.facts.company import mark, use
from tests.accounts.files.files import ACCOUNTS, take
from tests.factories import AccountFactory

pytestmark = pytest.mark.django_db
DAYS = 5


def told(account: Account, segment: str, *, days_ago: int = 0) -> None:
    """The account is told to be of the segment; the telling stands as one of some days ago (UTC)."""
    Account.objects.filter(pk=account.pk).update(plan_segment=segment)
    today = timezone.now().date()
    row = PlanSegmentSince.objects.filter(account=account, from_day=today)
    row.update(from_day=today - timedelta(days=days_ago))


def segments(account: Account) -> list[str | None]:
    """Those of the last DAYS days, today's last."""
    since = timezone.now().date() - timedelta(days=DAYS - 1)
    rows = AccountFacts.objects.filter(account=account, day__gte=since).order_by("day")
    return list(rows.values_list("plan_segment", flat=True))


def worked_out(account: Account) -> list[str | None]:
    """All of the days worked out anew, as a late event would have it."""
    today = timezone.now().date()
    use(account, today - timedelta(days=DAYS - 1))
    mark(account, today - timedelta(days=DAYS - 1))
    refresh_dirty(10)
    return segments(account)


@pytest.fixture
def acme() -> Account:
    """Of an unknown segment on all of the days so far."""
    account: Account = AccountFactory(plan_segment="")
    today = timezone.now().date()
    refresh([account.pk], today - timedelta(days=DAYS - 1), today)
    return account


def test_a_late_event_leaves_the_segments_of_the_past(acme: Account) -> None:
    told(acme, "self_serve", days_ago=100)
    told(acme, "mid_market", days_ago=2)
    told(acme, "enterprise")

    assert worked_out(acme) == ["self_serve", "self_serve", "mid_market", "mid_market", "enterprise"]


def test_what_is_not_known_any_more_was_known_before(acme: Account) -> None:
    told(acme, "self_serve", days_ago=100)
    told(acme, "")

    assert worked_out(acme) == ["self_serve"] * 4 + [None]


def test_the_first_telling_counts_back_for_all_days(acme: Account) -> None:
    assert segments(acme) == [None] * 5

    told(acme, "enterprise")
    refresh_dirty(10)
    assert segments(acme) == ["enterprise"] * 5

    told(acme, "self_serve")
    refresh_dirty(10)
    assert segments(acme) == ["self_serve"] * 5
    assert worked_out(acme) == ["self_serve"] * 5


def test_a_later_telling_marks_no_day_of_the_past(acme: Account) -> None:
    told(acme, "self_serve", days_ago=1)
    FactsDirty.objects.all().delete()

    told(acme, "enterprise")

    assert FactsDirty.objects.count() == 0


def test_a_file_dates_what_it_tells_of_new_and_of_known_accounts(tmp_path: Path) -> None:
    today = timezone.now().date()
    take(tmp_path, "account", ACCOUNTS)
    PlanSegmentSince.objects.update(from_day=today - timedelta(days=9))

    take(tmp_path, "account", ACCOUNTS.replace("Pro", "Enterprise") + "A-2,Beta,,,Free\nA-3,Bare,,,\n")

    rows = PlanSegmentSince.objects.order_by("account__external_id", "from_day")
    assert list(rows.values_list("account__external_id", "from_day", "plan_segment")) == [
        ("A-1", today - timedelta(days=9), "mid_market"),
        ("A-1", today, "enterprise"),
        ("A-2", today, "self_serve"),
    ]
