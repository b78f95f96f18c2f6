"""When a worker was last seen, as the database knows it."""

from datetime import datetime, timedelta

from django.utils import timezone

from loyalty.core.doorbell.models import WorkerSeen

# After so long without a worker every page says so.
MISSED = timedelta(seconds=60)


def note_worker() -> None:
    """Note that a worker consumed a task just now."""
    WorkerSeen.objects.update_or_create(pk=1, defaults={"at": timezone.now()})


def missing_since(now: datetime) -> datetime | None:
    """When a worker was last seen, if that is a minute ago or longer; None too where none was ever started."""
    seen: datetime | None = WorkerSeen.objects.filter(pk=1).values_list("at", flat=True).first()
    return seen if seen is not None and now - seen >= MISSED else None
