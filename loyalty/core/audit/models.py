"""The audit: who did what, when, before, after, why. Append-only by the database.

What people type about customers may name somebody who has the right to be forgotten. It stands
beside the line, which holds its digest: the words can go, but never become others.
"""

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.contrib.postgres.indexes import GinIndex
from django.contrib.postgres.search import SearchVector
from django.db import models
from django.utils import timezone

# What the words of a search are looked for in; a search must say exactly this, or it finds no index.
WORDS = SearchVector("object_label", "actor_name", "reason", config="simple")
TYPED = SearchVector("text", config="simple")


class TypedWords(models.Model):
    """Why somebody did something, in their own words: the lines of that act name it by `digest`.

    `digest` is the SHA-256 (hex) of `salt` and `text` as they were typed. When names of an erased person are struck
    out, the salt goes as well, so that nobody can try names against the digest, and `struck_at` tells when. The
    database lets nothing else be altered, and no row be deleted.
    """

    digest = models.CharField(max_length=64, primary_key=True)
    salt = models.CharField(max_length=32, blank=True)
    text = models.TextField()
    struck_at = models.DateTimeField(null=True)

    class Meta:
        indexes = [GinIndex(TYPED, name="typed_by_words")]

    def __str__(self) -> str:
        return self.text[:60]


class AuditLine(models.Model):
    """One thing that somebody (or the programme itself) did.

    `actor` is null when the programme acted by itself; `actor_name` keeps the
    name of the day. `before` and `after` hold only the fields that matter.
    `reason` is why, unless somebody typed that about a customer: then `typed` has it.
    """

    append_only = True

    at = models.DateTimeField(auto_now_add=True)
    actor = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+", db_index=False)
    actor_name = models.CharField(max_length=200)
    verb = models.CharField(max_length=40)  # one of AuditVerb; no choices, so that a new verb needs no migration
    object_type = models.CharField(max_length=40)
    object_id = models.CharField(max_length=64, blank=True)
    object_label = models.CharField(max_length=300, blank=True)
    before = models.JSONField(null=True)
    after = models.JSONField(null=True)
    reason = models.TextField(blank=True)
    typed = models.ForeignKey(TypedWords, models.PROTECT, null=True, related_name="lines", db_index=False)

    class Meta:
        ordering = ["-id"]
        indexes = [
            models.Index(fields=["object_type", "object_id", "-id"], name="audit_by_object"),
            models.Index(fields=["actor", "-id"], name="audit_by_actor"),
            models.Index(fields=["verb", "-id"], name="audit_by_verb"),
            models.Index(fields=["at"], name="audit_by_time"),
            GinIndex(WORDS, name="audit_by_words"),
            models.Index(fields=["typed"], condition=models.Q(typed__isnull=False), name="audit_by_typed"),
        ]

    def __str__(self) -> str:
        return f"{self.actor_name} {self.verb} {self.object_label}"

    @property
    def why(self) -> str:
        """The reason, whoever gave it; what was struck out of it is not there any more."""
        return self.typed.text if self.typed else self.reason


class AuditSeal(models.Model):
    """A batch of lines, sealed: what each line said then, and the seal before it. Append-only as the lines are.

    `digest` is the SHA-256 (hex) of `previous` and of each line's id and digest;
    `previous` is the digest of the seal before, "" for the first. So a line, a
    batch or the order of batches cannot be altered without every later seal
    being made anew, and then the last digest is not the one that was noted.
    """

    append_only = True

    sealed_at = models.DateTimeField(default=timezone.now)
    previous = models.CharField(max_length=64, unique=True)
    digest = models.CharField(max_length=64, unique=True)
    first_id = models.BigIntegerField()
    last_id = models.BigIntegerField()
    line_ids = ArrayField(models.BigIntegerField())
    line_digests = ArrayField(models.BinaryField())

    class Meta:
        ordering = ["-id"]
        indexes = [models.Index(fields=["last_id"], name="seal_by_last_line")]

    def __str__(self) -> str:
        return f"Seal {self.pk}"
