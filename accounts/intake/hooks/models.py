"""What is remembered of signed records, so that they count once and in their own order.

Invariants: a webhook id of a source has one body and one answer for good; each
field of a record was told last at the time that stands here. Of what was sent
only times and keyed digests are kept; but the answer names what was refused by
its id, as its reason may, so that erasing somebody strikes them out of it.
"""

from django.db import models
from django.db.models.functions import Now

from accounts.intake.hooks.rules import RecordType
from accounts.sources.models import Source


class HookCall(models.Model):
    """One webhook that was taken in. `parts` maps places in the body to digests, `answer` is what we said."""

    source = models.ForeignKey(Source, models.CASCADE, related_name="+", db_index=False)
    webhook_id = models.CharField(max_length=255)
    parts = models.JSONField()
    answer = models.JSONField()
    received_at = models.DateTimeField(db_default=Now())

    class Meta:
        constraints = [models.UniqueConstraint(fields=["source", "webhook_id"], name="hook_call_once")]
        indexes = [models.Index(fields=["received_at"], name="hook_call_by_time")]

    def __str__(self) -> str:
        return self.webhook_id


class RecordTold(models.Model):
    """What was told of one record: field → [time, digest]; `record_id` is its id in the table of its type.

    Beside a lasting field stand the words that its moment is made of: `lasting`.
    """

    type = models.CharField(max_length=10, choices=[(t.value, t.value) for t in RecordType])
    record_id = models.BigIntegerField()
    told = models.JSONField(default=dict)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["type", "record_id"], name="record_told_once")]

    def __str__(self) -> str:
        return f"{self.type} {self.record_id}"
