"""The last sign of life of any worker, where a page can read it even when the broker is away."""

from django.db import models


class WorkerSeen(models.Model):
    """One row: when a worker last consumed a task (UTC)."""

    at = models.DateTimeField()

    class Meta:
        constraints = [models.CheckConstraint(condition=models.Q(id=1), name="one_row_of_worker_seen")]

    def __str__(self) -> str:
        return f"A worker was seen at {self.at:%d %b %Y %H:%M:%S}"
