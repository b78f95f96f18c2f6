from datetime import UTC, datetime
from typing import Any

import factory
from factory.django import DjangoModelFactory

from accounts.segments.models import Segment
from accounts.segments.rules import SegmentStatus
from accounts.segments.verbs import keep_version


class SegmentFactory(DjangoModelFactory[Segment]):
    """A live segment of all that signed in within 30 days; `effective_at=` says since when."""

    class Meta:
        model = Segment
        skip_postgeneration_save = True

    key = factory.Sequence(lambda n: f"segment-{n}")
    name = factory.Sequence(lambda n: f"Segment {n}")
    status = SegmentStatus.LIVE.value
    priority = factory.Sequence(lambda n: 1 + n % 90)
    rule = {"op": "compare", "fact": "sign_ins_30", "is": ">=", "value": "1"}

    @factory.post_generation
    def effective_at(self: Segment, create: bool, extracted: datetime | None, **kwargs: Any) -> None:
        keep_version(self, extracted or datetime(2026, 1, 1, tzinfo=UTC))
