"""Versions of milestones, the shipped ones, and whom a change would touch."""

from datetime import UTC, datetime, timedelta
from itertools import pairwise

import pytest
from django.utils import timezone

from accounts.milestones.changing import impact
from accounts.milestones.models import Milestone, MilestoneReach
from accounts.milestones.queries import accounts_reached, measure
from accounts.milestones.rules import MilestoneTerms
from accounts.milestones.shipped import ensure_shipped
from accounts.milestones.verbs import create_milestone, detect, values_of, write_version
from accounts.records.models import Account
from loyalty.core.audit.models import AuditLine
from loyalty.core.errors import NotAllowed
from loyalty.core.people.models import User
from tests.factories import AccountFactory, EventFactory, MilestoneFactory

pytestmark = pytest.mark.django_db
DRAFT = {"name": "Second report", "event_name": "Report Generated", "count": 2, "within_days": None}


def days_ago(days: float) -> datetime:
    return timezone.now() - timedelta(days=days)


def test_product_makes_a_draft(product: User) -> None:
    made = create_milestone(DRAFT, acting_user=product)
    assert (made.key, made.status, made.version) == ("second-report", "draft", 1)
    assert made.versions.get().version == 1
    line = AuditLine.objects.get()
    assert (line.verb, line.actor, line.after) == (
        "created",
        product,
        {**DRAFT, "counts_from": None, "status": "draft"},
    )
    assert create_milestone(DRAFT, acting_user=product).key == "second-report-2"
    assert create_milestone({**DRAFT, "name": "שלום"}, acting_user=product).key == "milestone"


@pytest.mark.parametrize("who", ["finance", "cs", "administrator"])
def test_nobody_else_makes_one(who: str, request: pytest.FixtureRequest) -> None:
    with pytest.raises(NotAllowed):
        create_milestone(DRAFT, acting_user=request.getfixturevalue(who))
    assert (Milestone.objects.count(), AuditLine.objects.count()) == (0, 0)


def test_what_was_reached_under_the_old_terms_still_counts_and_fires(product: User) -> None:
    milestone = MilestoneFactory(count=1)
    EventFactory(occurred_at=days_ago(0.1))
    write_version(milestone.pk, {**values_of(milestone), "count": 2}, product, "Two")
    reach = MilestoneReach.objects.get()
    assert (reach.version, reach.count, reach.fires) == (1, 1, True)


def test_who_meets_new_terms_already_is_recorded_and_gets_nothing(product: User) -> None:
    milestone = MilestoneFactory(count=2)
    EventFactory(occurred_at=days_ago(0.1))
    write_version(milestone.pk, {**values_of(milestone), "count": 1}, product, "One")
    reach = MilestoneReach.objects.get()
    assert (reach.version, reach.count, reach.fires) == (2, 1, False)


def test_under_another_name_late_events_still_move_a_reach_and_take_it_back(product: User) -> None:
    acme = AccountFactory(signed_up_on=days_ago(20).date())
    milestone = MilestoneFactory(within_days=25)
    EventFactory(account=acme, occurred_at=days_ago(2))
    detect([acme.pk])
    write_version(milestone.pk, {**values_of(milestone), "name": "Another name"}, product, "Name")
    earlier = EventFactory(account=acme, occurred_at=days_ago(5))
    detect([acme.pk])
    reach = MilestoneReach.objects.get()
    assert (reach.event, reach.fires, reach.withdrawn_at) == (earlier, True, None)
    Account.objects.update(signed_up_on=days_ago(200).date())
    assert detect([acme.pk]) == 1
    assert MilestoneReach.objects.filter(withdrawn_at=None).count() == 0
    # By other terms it would be another reach, so that what was reached stays.
    Account.objects.update(signed_up_on=days_ago(20).date())
    detect([acme.pk])
    milestone.refresh_from_db()
    write_version(milestone.pk, {**values_of(milestone), "within_days": 24}, product, "Shorter")
    Account.objects.update(signed_up_on=days_ago(200).date())
    assert detect([acme.pk]) == 0
    assert MilestoneReach.objects.get().withdrawn_at is None


def test_versions_keep_the_terms_of_their_time(product: User) -> None:
    milestone = MilestoneFactory(count=1)
    for count in (2, 3):
        write_version(milestone.pk, {**values_of(milestone), "count": count}, product, "More")
    versions = list(milestone.versions.order_by("version"))
    assert [(v.version, v.count) for v in versions] == [(1, 1), (2, 2), (3, 3)]
    assert all(earlier.effective_at < later.effective_at for earlier, later in pairwise(versions))


def test_the_shipped_ones_are_made_once() -> None:
    since = datetime(2026, 1, 1, tzinfo=UTC)
    made = ensure_shipped(effective_at=since)
    assert [m.event_name for m in made] == [
        "Onboarding Completed",
        "Core Workflow Activated",
        "Integration Connected",
        "Custom Report Generated",
    ]
    assert Milestone.objects.get(key="first-custom-report").name == "First custom report generated"
    assert {m.versions.get().effective_at for m in made} == {since}
    assert [m.pk for m in ensure_shipped()] == [m.pk for m in made]
    assert (Milestone.objects.filter(status="live").count(), AuditLine.objects.count()) == (4, 4)


def test_a_change_is_measured_against_the_terms_of_now() -> None:
    once, twice, long_ago = (AccountFactory(name=name) for name in ("Once", "Twice", "Long ago"))
    for account, days in [(once, 10), (twice, 20), (twice, 5), (long_ago, 366), (long_ago, 3)]:
        EventFactory(account=account, occurred_at=days_ago(days))
    now, wanted = (MilestoneTerms("Custom Report Generated", n, None) for n in (1, 2))
    measured = measure(wanted, now)
    assert (measured.reached, measured.reached_now, measured.adds, measured.drops) == (2, 2, 1, 1)
    assert (measured.added_names, measured.dropped_names) == (["Long ago"], ["Once"])
    assert accounts_reached(wanted) == sorted([twice.pk, long_ago.pk])
    assert measure(wanted, None).reached_now is None


def test_preview_and_detection_are_one_definition() -> None:
    accounts = [AccountFactory(signed_up_on=days_ago(40).date()) for _ in range(4)]
    for n, account in enumerate(accounts):
        for day in range(n):
            EventFactory(account=account, occurred_at=days_ago(35 - 12 * day))
    milestone = MilestoneFactory(count=2, within_days=20)
    detect(None)
    detected = list(MilestoneReach.objects.order_by("account_id").values_list("account_id", flat=True))
    assert detected == accounts_reached(milestone.terms) == [accounts[2].pk, accounts[3].pk]


def test_impact_tells_what_a_status_means() -> None:
    milestone = MilestoneFactory()
    retired = impact(milestone.pk, {**values_of(milestone), "status": "retired"})
    assert retired == ["Retires it: nobody reaches it from then on, and what was reached stays."]
