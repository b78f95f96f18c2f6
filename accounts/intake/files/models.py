"""Files that people upload: kept in pieces until they are taken in, since web and worker may be two machines.

Invariants: the pieces go away with the end of the import, or a day later if it
never began; what was refused stays 30 days, so that it can be mended.
"""

from datetime import timedelta

from django.conf import settings
from django.db import models
from django.utils import timezone

from accounts.sources.rules import KIND_CHOICES
from loyalty.core.jobs.models import Job

KEPT_UNUSED = timedelta(days=1)
KEPT_REFUSED = timedelta(days=30)


class FileUpload(models.Model):
    """One uploaded file; `overrides` maps its columns to fields where the names do not say it."""

    kind = models.CharField(max_length=20, choices=KIND_CHOICES)
    name = models.CharField(max_length=200)
    size = models.BigIntegerField()
    overrides = models.JSONField(default=dict)
    header = models.JSONField(default=list)
    uploaded_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    uploaded_at = models.DateTimeField(default=timezone.now)
    job = models.OneToOneField(Job, models.PROTECT, null=True, related_name="+")

    class Meta:
        ordering = ["-id"]

    def __str__(self) -> str:
        return self.name


class FileChunk(models.Model):
    """A piece of an uploaded file, counted from 0."""

    upload = models.ForeignKey(FileUpload, models.CASCADE, related_name="chunks", db_index=False)
    number = models.PositiveIntegerField()
    content = models.BinaryField()

    class Meta:
        ordering = ["number"]
        constraints = [models.UniqueConstraint(fields=["upload", "number"], name="file_chunk_once")]

    def __str__(self) -> str:
        return f"Piece {self.number}"


class FileRefusal(models.Model):
    """A refused row of an uploaded file: its line, the JSON list of its cells, and why."""

    upload = models.ForeignKey(FileUpload, models.CASCADE, related_name="refusals", db_index=False)
    line = models.PositiveIntegerField()
    raw = models.TextField()
    reason = models.TextField()

    class Meta:
        ordering = ["line"]
        constraints = [models.UniqueConstraint(fields=["upload", "line"], name="file_refusal_once")]

    def __str__(self) -> str:
        return self.reason
