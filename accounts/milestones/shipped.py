"""The milestones that a new team starts with: the four event names of the product."""

from datetime import datetime

from django.db import transaction
from django.utils import timezone

from accounts.milestones.models import Milestone
from accounts.milestones.rules import MilestoneStatus
from accounts.milestones.verbs import keep_version, take_effect, values_of
from loyalty.core.audit.rules import AuditVerb
from loyalty.core.audit.verbs import record

SHIPPED = (
    ("onboarding-completed", "Onboarding completed", "Onboarding Completed"),
    ("core-workflow-activated", "Core workflow activated", "Core Workflow Activated"),
    ("integration-connected", "Integration connected", "Integration Connected"),
    ("first-custom-report", "First custom report generated", "Custom Report Generated"),
)


@transaction.atomic
def ensure_shipped(*, effective_at: datetime | None = None) -> list[Milestone]:
    """Make the shipped milestones, live, unless they are there; returns all four.

    They hold from `effective_at` (UTC, default now): events before it are
    recorded as reached, but fire nothing.
    """
    return [_ensure(key, name, event, effective_at or timezone.now()) for key, name, event in SHIPPED]


def _ensure(key: str, name: str, event_name: str, effective_at: datetime) -> Milestone:
    milestone, made = Milestone.objects.get_or_create(
        key=key, defaults={"name": name, "event_name": event_name, "status": MilestoneStatus.LIVE.value}
    )
    if made:
        keep_version(milestone, effective_at)
        take_effect(milestone.pk)
        record(
            AuditVerb.CREATED,
            acting_user=None,
            object_type="milestone",
            object_id=milestone.pk,
            object_label=milestone.name,
            after=values_of(milestone),
            reason="Shipped with the application",
        )
    return milestone
