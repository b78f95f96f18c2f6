"""The audit: who did what, when, before, after, why. Append-only by the database."""

from django.conf import settings
from django.db import models


class AuditLine(models.Model):
    """One thing that somebody (or the programme itself) did.

    `actor` is null when the programme acted by itself; `actor_name` keeps the
    name of the day. `before` and `after` hold only the fields that matter.
    """

    append_only = True

    at = models.DateTimeField(auto_now_add=True)
    actor = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+")
    actor_name = models.CharField(max_length=200)
    verb = models.CharField(max_length=40)  # one of AuditVerb; no choices, so that a new verb needs no migration
    object_type = models.CharField(max_length=40)
    object_id = models.CharField(max_length=64, blank=True)
    object_label = models.CharField(max_length=300, blank=True)
    before = models.JSONField(null=True)
    after = models.JSONField(null=True)
    reason = models.TextField(blank=True)

    class Meta:
        ordering = ["-id"]
        indexes = [
            models.Index(fields=["object_type", "object_id", "-id"], name="audit_by_object"),
            models.Index(fields=["actor", "-id"], name="audit_by_actor"),
            models.Index(fields=["verb", "-id"], name="audit_by_verb"),
        ]

    def __str__(self) -> str:
        return f"{self.actor_name} {self.verb} {self.object_label}"
