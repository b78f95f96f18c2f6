"""What a change of a milestone would have cost."""

from datetime import timedelta

import pytest
from django.utils import timezone

from rewards.campaigns.impact import cost_of_milestone_change
from tests.factories import AccountFactory, CampaignFactory, EventFactory, MilestoneFactory, milestone_of

pytestmark = pytest.mark.django_db
TWICE = {"event_name": "Custom Report Generated", "count": 2, "within_days": None, "status": "live"}


def test_asking_for_more_costs_less() -> None:
    campaign = CampaignFactory(name="First report")
    for reports in (1, 1, 2):
        account = AccountFactory()
        for n in range(reports):
            EventFactory(account=account, occurred_at=timezone.now() - timedelta(days=30 - n))
    assert cost_of_milestone_change(milestone_of(campaign).pk, TWICE) == [
        "The campaign “First report” would have offered $300.00 over the last 365 days"
        " instead of $900.00: $600.00 less, had every offer been approved."
    ]


def test_without_a_live_campaign_it_costs_nothing() -> None:
    campaign = CampaignFactory(status="paused")
    assert cost_of_milestone_change(milestone_of(campaign).pk, TWICE) == [
        "No live campaign rewards this milestone, so the change costs nothing by itself."
    ]


def test_a_change_of_the_name_costs_the_same() -> None:
    milestone = MilestoneFactory()
    CampaignFactory(name="First report", milestone=milestone)
    EventFactory(occurred_at=timezone.now() - timedelta(days=3))
    values = {"event_name": milestone.event_name, "count": 1, "within_days": None, "status": "live"}
    assert cost_of_milestone_change(milestone.pk, values)[0].endswith(
        "$300.00 over the last 365 days instead of $300.00: the same, had every offer been approved."
    )
