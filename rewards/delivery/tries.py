"""The log of asking another system: one row a try, the latest first."""

from django.db import models


class Try(models.Model):
    """One try; `status` is that of the answer, null when there was none."""

    at = models.DateTimeField()
    status = models.PositiveSmallIntegerField(null=True)
    told = models.CharField(max_length=300)
    milliseconds = models.PositiveIntegerField()

    class Meta:
        abstract = True
        ordering = ["-id"]

    def __str__(self) -> str:
        return self.told
