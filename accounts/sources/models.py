"""Systems that send us data.

Invariants: each kind of data has at most one active source; keys are shown once
and stored as digests; two keys may overlap while one is rotated out. Signing
secrets have to be used again, so they are stored sealed (`secrets.py`).
"""

from datetime import timedelta

from django.db import models

from accounts.sources.rules import KIND_CHOICES, SCHEME_CHOICES


class Source(models.Model):
    """A system of record for one or more kinds of data.

    `has_erased_ids`: some message ids of its events named somebody who was erased, and were struck out.
    """

    name = models.CharField(max_length=100, unique=True)
    expected_every = models.DurationField(default=timedelta(days=1))
    last_received_at = models.DateTimeField(null=True)
    has_erased_ids = models.BooleanField(default=False, db_default=False)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ["name"]

    def __str__(self) -> str:
        return self.name


class SourceKind(models.Model):
    """A kind of data that a source may send; active means it is the system of record."""

    source = models.ForeignKey(Source, models.CASCADE, related_name="kinds")
    kind = models.CharField(max_length=20, choices=KIND_CHOICES)
    is_active = models.BooleanField(default=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["source", "kind"], name="source_kind_once"),
            models.UniqueConstraint(
                fields=["kind"], condition=models.Q(is_active=True), name="one_active_source_a_kind"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.source}: {self.kind}"


class SourceKey(models.Model):
    """A key of a source. `digest` is SHA-256; `hint` the last four characters."""

    source = models.ForeignKey(Source, models.CASCADE, related_name="keys")
    digest = models.CharField(max_length=64, unique=True)
    hint = models.CharField(max_length=4)
    created_at = models.DateTimeField(auto_now_add=True)
    expires_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ["-id"]

    def __str__(self) -> str:
        return f"…{self.hint} of {self.source}"


class SourceSecret(models.Model):
    """A secret that a source signs its webhooks with: encrypted, and as a hint its last four characters."""

    source = models.ForeignKey(Source, models.CASCADE, related_name="secrets")
    scheme = models.CharField(max_length=20, choices=SCHEME_CHOICES)
    sealed = models.TextField()
    hint = models.CharField(max_length=4)
    created_at = models.DateTimeField(auto_now_add=True)
    expires_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ["-id"]

    def __str__(self) -> str:
        return f"…{self.hint} ({self.scheme}) of {self.source}"
