"""Moves: what caused them, which of them fire, and how late data corrects them without firing twice."""

from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest

from accounts.facts.models import AccountFacts, FactsDirty
from accounts.facts.verbs import refresh
from accounts.records.models import Account
from accounts.segments.following import place_all
from accounts.segments.models import Segment, SegmentMove
from accounts.segments.verbs import keep_version, values_of, write_version
from loyalty.core.people.models import User
from tests.accounts.facts.company import sign_in
from tests.factories import AccountFactory, SegmentFactory

pytestmark = pytest.mark.django_db
TODAY = date(2026, 3, 31)
FIRST = TODAY - timedelta(days=60)
OFTEN = {"op": "compare", "fact": "sign_ins_30", "is": ">=", "value": "3"}


def ago(days: int) -> date:
    return TODAY - timedelta(days=days)


@pytest.fixture
def often() -> Segment:
    """Live for a year: who signed in three times in 30 days."""
    return SegmentFactory(key="often", name="Often", rule=OFTEN, effective_at=datetime(2025, 3, 1, tzinfo=UTC))


@pytest.fixture
def acme() -> Account:
    """It signed in twice, long enough ago to be in no segment."""
    account = AccountFactory(name="Acme")
    sign_in(account, [ago(25), ago(24)])
    refresh([account.pk], FIRST, TODAY)
    assert not SegmentMove.objects.exists()
    return account


def edit(segment: Segment, since: date, **terms: Any) -> None:
    """A version that took effect in the course of that day."""
    for name, value in terms.items():
        setattr(segment, name, value)
    segment.version += 1
    segment.save()
    keep_version(segment, datetime.combine(since, datetime.min.time(), UTC) + timedelta(hours=9))


def moves(account: Account, *, withdrawn: bool = False) -> list[tuple[str, int, str, bool]]:
    """In or out, days ago, cause and whether it fires, the oldest first."""
    kept = SegmentMove.objects.filter(account=account, withdrawn_at__isnull=not withdrawn).order_by("day", "entered")
    return [("in" if m.entered else "out", (TODAY - m.day).days, m.cause, m.fires) for m in kept]


def test_an_accounts_own_change_moves_it_and_fires(often: Segment, acme: Account) -> None:
    sign_in(acme, [ago(2)])
    refresh([acme.pk], ago(2), TODAY)
    assert moves(acme) == [("in", 2, "facts", True)]
    move = SegmentMove.objects.get()
    assert (move.segment, move.version) == (often, 1)
    assert move.evidence == {
        "facts": {"sign_ins_30": 3}, "before": {"sign_ins_30": 2}, "truths": [True], "truths_before": [False]
    }  # fmt: skip
    row = AccountFacts.objects.get(account=acme, day=TODAY)
    assert (row.segments, row.primary_segment) == (["often"], "often")


def test_leaving_is_told_with_its_cause(often: Segment) -> None:
    acme = AccountFactory()
    sign_in(acme, [ago(32), ago(31), ago(31)])
    refresh([acme.pk], FIRST, TODAY)
    assert moves(acme) == [("in", 31, "facts", False), ("out", 2, "facts", True)]


def test_what_happened_long_ago_does_not_fire(often: Segment, acme: Account) -> None:
    sign_in(acme, [ago(7)])
    refresh([acme.pk], FIRST, TODAY)
    assert moves(acme) == [("in", 7, "facts", False)]


def test_the_first_day_of_an_account_does_not_fire_unless_it_signed_up_then(often: Segment) -> None:
    old, new = AccountFactory(signed_up_on=ago(900)), AccountFactory(signed_up_on=TODAY)
    for account in (old, new):
        sign_in(account, [TODAY] * 3)
        refresh([account.pk], TODAY, TODAY)
    assert moves(old) == [("in", 0, "start", False)]
    assert moves(new) == [("in", 0, "facts", True)]


def test_going_live_and_retiring_moves_accounts_and_fires_nothing(often: Segment, acme: Account) -> None:
    draft = SegmentFactory(key="ever", rule={"op": "and", "items": []}, status="draft")
    edit(draft, ago(3), status="live")
    edit(draft, ago(1), status="retired")
    refresh([acme.pk], ago(5), TODAY)
    assert moves(acme) == [("in", 3, "rule", False), ("out", 1, "rule", False)]
    assert AccountFacts.objects.get(account=acme, day=ago(2)).segments == ["ever"]


def test_whom_an_edited_rule_moves_does_not_fire_and_who_moves_by_itself_does(often: Segment, acme: Account) -> None:
    by_itself = AccountFactory()
    sign_in(by_itself, [ago(1), ago(1)])
    refresh([by_itself.pk], FIRST, TODAY)
    edit(often, ago(1), rule={**OFTEN, "value": "2"})
    place_all(ago(1), TODAY)
    assert moves(acme) == [("in", 1, "rule", False)]
    assert moves(by_itself) == [("in", 1, "facts", True)]
    assert {m.version for m in SegmentMove.objects.all()} == {2}


def test_days_before_an_edit_keep_the_rule_of_their_time(often: Segment, acme: Account) -> None:
    edit(often, ago(1), rule={**OFTEN, "value": "2"})
    refresh([acme.pk], FIRST, TODAY)
    days = dict(AccountFacts.objects.filter(account=acme).values_list("day", "segments"))
    assert [days[ago(n)] for n in (3, 2, 1, 0)] == [[], [], ["often"], ["often"]]


def test_late_data_moves_the_day_and_keeps_the_move(often: Segment, acme: Account) -> None:
    sign_in(acme, [ago(1)])
    refresh([acme.pk], ago(1), TODAY)
    before = SegmentMove.objects.get()
    sign_in(acme, [ago(4)])
    refresh([acme.pk], ago(4), TODAY)
    after = SegmentMove.objects.get()
    assert (after.pk, after.day, after.fires) == (before.pk, ago(4), True)
    assert after.evidence["facts"] == {"sign_ins_30": 3}


def test_a_move_that_is_taken_back_and_returns_is_the_same_move(often: Segment, acme: Account) -> None:
    sign_in(acme, [ago(1)])
    refresh([acme.pk], ago(1), TODAY)
    before = SegmentMove.objects.get()
    rule = often.versions.get()
    rule.rule = {**OFTEN, "value": "9"}
    rule.save()
    place_all(FIRST, TODAY)
    assert moves(acme) == []
    assert moves(acme, withdrawn=True) == [("in", 1, "facts", True)]
    assert AccountFacts.objects.get(account=acme, day=TODAY).segments == []
    rule.rule = OFTEN
    rule.save()
    place_all(FIRST, TODAY)
    after = SegmentMove.objects.get()
    assert (after.pk, after.day, after.fires, after.withdrawn_at) == (before.pk, ago(1), True, None)


def test_an_entry_moved_further_than_late_data_reaches_is_another_and_does_not_fire(
    often: Segment, acme: Account
) -> None:
    sign_in(acme, [ago(1)])
    refresh([acme.pk], ago(1), TODAY)
    sign_in(acme, [ago(20)])
    refresh([acme.pk], ago(20), TODAY)
    assert moves(acme) == [("in", 20, "facts", False)]
    assert moves(acme, withdrawn=True) == [("in", 1, "facts", True)]


def test_who_goes_in_and_out_within_days_fires_once(often: Segment) -> None:
    acme = AccountFactory()
    sign_in(acme, [ago(35), ago(34), ago(6), ago(2), ago(2)])
    refresh([acme.pk], FIRST, TODAY)
    expected = [("in", 6, "facts", True), ("out", 5, "facts", True), ("in", 2, "facts", False)]
    assert moves(acme) == expected
    # Day by day it is the same.
    other = AccountFactory()
    sign_in(other, [ago(35), ago(34), ago(6), ago(2), ago(2)])
    for n in range(60, -1, -1):
        refresh([other.pk], ago(n), ago(n))
    assert moves(other) == expected


def test_a_second_run_writes_nothing(often: Segment, acme: Account) -> None:
    sign_in(acme, [ago(2)])
    refresh([acme.pk], FIRST, TODAY)
    rows = list(AccountFacts.objects.order_by("day").values_list("day", "refreshed_at", "segments"))
    assert place_all(FIRST, TODAY) == 0
    assert list(AccountFacts.objects.order_by("day").values_list("day", "refreshed_at", "segments")) == rows


def test_a_new_day_begins_with_the_segments_of_the_day_before(often: Segment, acme: Account) -> None:
    AccountFacts.objects.filter(day=TODAY).delete()
    sign_in(acme, [ago(1)])
    refresh([acme.pk], ago(1), ago(1))
    refresh([acme.pk], TODAY, TODAY, follow=False)
    row = AccountFacts.objects.get(account=acme, day=TODAY)
    assert (row.segments, row.primary_segment) == (["often"], "often")
    assert place_all(TODAY) == 0


def test_of_several_the_first_by_priority_is_primary(often: Segment, acme: Account) -> None:
    SegmentFactory(key="all", priority=often.priority, rule={"op": "and", "items": []})
    SegmentFactory(key="none", priority=1, rule={"op": "or", "items": []})
    sign_in(acme, [ago(1)])
    refresh([acme.pk], ago(1), TODAY)
    row = AccountFacts.objects.get(account=acme, day=TODAY)
    assert (row.segments, row.primary_segment) == (["all", "often"], "all")


def test_a_rule_that_can_no_longer_be_read_matches_nobody_and_stops_nothing(
    often: Segment, acme: Account, caplog: pytest.LogCaptureFixture
) -> None:
    SegmentFactory(key="broken", rule={"op": "unknown", "fact": "gone"})
    sign_in(acme, [ago(1)])
    refresh([acme.pk], ago(1), TODAY)
    assert AccountFacts.objects.get(account=acme, day=TODAY).segments == ["often"]
    assert "Version 1 of the segment broken cannot be read" in caplog.text


def test_an_edit_marks_all_accounts_only_when_it_can_move_them(often: Segment, acme: Account, cs: User) -> None:
    write_version(often.pk, {**values_of(often), "name": "Regulars"}, cs, "Name")
    assert not FactsDirty.objects.exists()
    write_version(often.pk, {**values_of(often), "name": "Regulars", "priority": 3}, cs, "First")
    assert FactsDirty.objects.get().account == acme
