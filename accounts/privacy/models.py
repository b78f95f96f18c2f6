"""Consent of contacts, and who was erased.

Invariants: consent is only ever added to; the latest word by its own time
stands, and of two at the same time the withdrawal; without any word there is
no consent. Who was erased is known only by a salted digest of their ids, which
the database itself keeps from becoming a contact again.
"""

from django.conf import settings
from django.db import models
from django.db.models.functions import Now

from accounts.privacy.rules import ConsentSource
from accounts.records.models import Contact


class Consent(models.Model):
    """One word of one contact. `told_by` is who of us wrote it down, if anybody did."""

    append_only = True

    contact = models.ForeignKey(Contact, models.PROTECT, related_name="consent_words", db_index=False)
    granted = models.BooleanField()
    policy_version = models.CharField(max_length=40, blank=True)
    source = models.CharField(max_length=10)  # one of ConsentSource
    at = models.DateTimeField()
    told_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+")
    recorded_at = models.DateTimeField(db_default=Now())

    class Meta:
        ordering = ["-at", "granted", "-id"]
        constraints = [
            models.UniqueConstraint(fields=["contact", "at", "granted", "policy_version"], name="consent_told_once")
        ]

    def __str__(self) -> str:
        return f"{'Given' if self.granted else 'Withdrawn'} on {self.at:%d %b %Y}"

    @property
    def source_label(self) -> str:
        return ConsentSource(self.source).label


class Erasure(models.Model):
    """A contact of whom nothing that names them is kept any more."""

    contact = models.OneToOneField(Contact, models.PROTECT, related_name="erasure")
    at = models.DateTimeField(auto_now_add=True)

    def __str__(self) -> str:
        return f"Erased on {self.at:%d %b %Y}"


class Suppressed(models.Model):
    """An id that must not come back: its SHA-256 (hex) with this database's own salt."""

    digest = models.CharField(max_length=64, unique=True)

    def __str__(self) -> str:
        return "An id that was erased"
