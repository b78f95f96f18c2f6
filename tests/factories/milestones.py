from datetime import UTC, datetime
from typing import Any

import factory
from factory.django import DjangoModelFactory

from accounts.milestones.models import Milestone, MilestoneVersion
from accounts.milestones.rules import MilestoneStatus


class MilestoneFactory(DjangoModelFactory[Milestone]):
    """A live milestone with its first version; `effective_at=` says since when."""

    class Meta:
        model = Milestone
        skip_postgeneration_save = True

    key = factory.Sequence(lambda n: f"milestone-{n}")
    name = factory.Sequence(lambda n: f"Milestone {n}")
    event_name = "Custom Report Generated"
    status = MilestoneStatus.LIVE.value

    @factory.post_generation
    def effective_at(self: Milestone, create: bool, extracted: datetime | None, **kwargs: Any) -> None:
        MilestoneVersion.objects.create(
            milestone=self,
            version=self.version,
            name=self.name,
            event_name=self.event_name,
            count=self.count,
            within_days=self.within_days,
            counts_from=self.counts_from,
            status=self.status,
            effective_at=extracted or datetime(2026, 1, 1, tzinfo=UTC),
        )
