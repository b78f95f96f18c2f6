"""The outbox: what happened, whom to tell, and what came of it.

Invariants: an event stands in the outbox once (`key`), written by triggers in the
very transaction of what it tells, whoever wrote that; it goes to an endpoint
once; its id and its body never change, so that a receiver knows a second telling
again. A delivery is sent by the one who claimed it last (`claims` counts). The
rows are the queue; the broker only rings.
"""

from urllib.parse import urlsplit

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models.functions import Now

from accounts.records.models import Account
from rewards.delivery.outgoing.rules import EVENT_CHOICES, DeliveryState, EndpointState, EventType
from rewards.delivery.tries import Try


class Endpoint(models.Model):
    """An address of another system that is told of some types of event.

    `failing_since` and `failures`: since when, and how often in a row, it has taken nothing.
    """

    name = models.CharField(max_length=100, unique=True)
    url = models.CharField(max_length=500)
    types = ArrayField(models.CharField(max_length=30, choices=EVENT_CHOICES))
    state = models.CharField(
        max_length=10, choices=[(s.value, s.value) for s in EndpointState], default=EndpointState.ACTIVE.value
    )
    state_reason = models.CharField(max_length=300, blank=True)
    failing_since = models.DateTimeField(null=True)
    failures = models.PositiveIntegerField(default=0)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ["name"]

    def __str__(self) -> str:
        return self.name

    @property
    def host(self) -> str:
        """Where it stands; the rest of the address may be a secret."""
        return urlsplit(self.url).netloc


class EndpointSecret(models.Model):
    """What messages to an endpoint are signed with: encrypted, and as a hint its last four characters."""

    endpoint = models.ForeignKey(Endpoint, models.CASCADE, related_name="secrets")
    sealed = models.TextField()
    hint = models.CharField(max_length=4)
    created_at = models.DateTimeField(auto_now_add=True)
    expires_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ["-id"]

    def __str__(self) -> str:
        return f"…{self.hint} of {self.endpoint}"


class OutgoingEvent(models.Model):
    """One thing that happened, as it is told: `body` is the JSON text that is signed. It names no contact."""

    message_id = models.CharField(max_length=40, unique=True)
    key = models.CharField(max_length=120, unique=True)
    type = models.CharField(max_length=30, choices=[(e.value, e.value) for e in EventType])
    account = models.ForeignKey(Account, models.PROTECT, related_name="+")
    at = models.DateTimeField()
    body = models.TextField()

    class Meta:
        ordering = ["-id"]

    def __str__(self) -> str:
        return f"{self.type} of {self.account}"


class EventDelivery(models.Model):
    """One event on its way to one endpoint."""

    event = models.ForeignKey(OutgoingEvent, models.CASCADE, related_name="deliveries", db_index=False)
    endpoint = models.ForeignKey(Endpoint, models.CASCADE, related_name="deliveries", db_index=False)
    state = models.CharField(
        max_length=10,
        choices=[(s.value, s.value) for s in DeliveryState],
        default=DeliveryState.WAITING.value,
        db_default=DeliveryState.WAITING.value,
    )
    due_at = models.DateTimeField(db_default=Now())
    lease_until = models.DateTimeField(null=True)
    claims = models.PositiveIntegerField(default=0, db_default=0)
    tries = models.PositiveSmallIntegerField(default=0, db_default=0)
    told = models.CharField(max_length=300, blank=True, default="", db_default="")
    ended_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ["-id"]
        constraints = [models.UniqueConstraint(fields=["event", "endpoint"], name="event_once_an_endpoint")]
        indexes = [
            models.Index(fields=["endpoint", "-id"], name="delivery_by_endpoint"),
            models.Index(
                fields=["endpoint", "due_at", "id"],
                condition=models.Q(state=DeliveryState.WAITING.value),
                name="delivery_due",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.event} to {self.endpoint}"


class DeliveryTry(Try):
    """One try of a delivery."""

    delivery = models.ForeignKey(EventDelivery, models.CASCADE, related_name="log")
