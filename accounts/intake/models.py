"""What came in over HTTP and files: batches counted, refused items kept with their reason."""

from django.conf import settings
from django.db import models
from django.db.models.fields.json import KeyTextTransform
from django.db.models.functions import Now

from accounts.records.models import Account, Contact
from accounts.sources.models import Source


class IntakeBatch(models.Model):
    """One request or file and what became of its items. Appended, never changed."""

    source = models.ForeignKey(Source, models.CASCADE, null=True, related_name="+", db_index=False)
    received_at = models.DateTimeField(db_default=Now())
    channel = models.CharField(max_length=20)
    accepted = models.PositiveIntegerField(default=0)
    duplicates = models.PositiveIntegerField(default=0)
    refused = models.PositiveIntegerField(default=0)

    class Meta:
        indexes = [models.Index(fields=["-received_at"], name="batch_by_time")]

    def __str__(self) -> str:
        return f"{self.accepted} accepted, {self.duplicates} duplicates, {self.refused} refused"


class ProfileCall(models.Model):
    """An accepted identify, group or alias call: once per source and message id.

    `waits_for` is the id of the account that it names, while nobody knows that.
    """

    source = models.ForeignKey(Source, models.PROTECT, related_name="+", db_index=False)
    message_id = models.CharField(max_length=255)
    call = models.CharField(max_length=20)
    account = models.ForeignKey(Account, models.CASCADE, null=True, related_name="+", db_index=False)
    contact = models.ForeignKey(Contact, models.CASCADE, null=True, related_name="+", db_index=False)
    occurred_at = models.DateTimeField()
    received_at = models.DateTimeField(db_default=Now())
    payload = models.JSONField()
    waits_for = models.CharField(max_length=255, blank=True, default="", db_default="")

    class Meta:
        ordering = ["-id"]
        constraints = [models.UniqueConstraint(fields=["source", "message_id"], name="profile_call_once")]
        indexes = [
            models.Index(
                KeyTextTransform("previousId", "payload"), name="alias_by_previous_id", condition=models.Q(call="alias")
            ),
            models.Index(fields=["id"], name="profile_call_waiting", condition=~models.Q(waits_for="")),
            models.Index(fields=["account", "call", "occurred_at"], name="profile_call_of_account"),
            models.Index(fields=["contact", "occurred_at"], name="profile_call_of_contact"),
        ]

    def __str__(self) -> str:
        return f"{self.call} at {self.occurred_at:%d %b %Y %H:%M}"


class PlaceDirty(models.Model):
    """A mark: where this contact was from `since` on was told anew; events counted before may have to go there.

    Marks are only ever added by writers and removed by who moved the events (`moving`).
    """

    contact = models.ForeignKey(Contact, models.CASCADE, related_name="+", db_index=False)
    since = models.DateTimeField()

    def __str__(self) -> str:
        return f"Placed anew from {self.since:%d %b %Y %H:%M}"


class RefusedItem(models.Model):
    """One item that was not taken in: what it was, and why. `raw` is the text as it came.

    `waits_for` is the id of whom or what it is about, where nobody knew that: it goes
    in by itself once that is known as `waits_as` says (an Awaited). The `batch`
    texts are what its batch told for it and it did not tell itself. The `retried` fields tell the last time that it was
    sent again, by nobody if by itself; `went_in_at` is set once it went in.
    """

    batch = models.ForeignKey(IntakeBatch, models.CASCADE, related_name="refused_items")
    source = models.ForeignKey(Source, models.CASCADE, null=True, related_name="+", db_index=False)
    received_at = models.DateTimeField(db_default=Now())
    position = models.PositiveIntegerField(default=0)
    message_id = models.CharField(max_length=255, blank=True)
    call = models.CharField(max_length=40, blank=True)
    code = models.CharField(max_length=40)
    reason = models.TextField()
    raw = models.TextField(blank=True)
    batch_group = models.CharField(max_length=255, blank=True, default="", db_default="")
    batch_sent_at = models.CharField(max_length=255, blank=True, default="", db_default="")
    waits_for = models.CharField(max_length=255, blank=True, default="", db_default="")
    waits_as = models.CharField(max_length=10, blank=True, default="", db_default="")
    retried_at = models.DateTimeField(null=True)
    retried_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+", db_index=False
    )
    retried_reason = models.TextField(null=True)
    went_in_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ["-id"]
        indexes = [
            models.Index(fields=["source", "-id"], name="refused_by_source"),
            models.Index(fields=["source", "-id"], name="refused_not_gone_in", condition=models.Q(went_in_at=None)),
            models.Index(
                fields=["id"], name="refused_waiting", condition=models.Q(went_in_at=None) & ~models.Q(waits_for="")
            ),
        ]

    def __str__(self) -> str:
        return self.reason
