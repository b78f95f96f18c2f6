"""Rewards that a person delivers: a task for each grant, with an owner and a day.

Invariants: a task is made by the database with its grant, whoever grants; it is
done when its offer is delivered, so that there is no second state to disagree.
"""

from django.conf import settings
from django.db import models

from rewards.offers.models import Offer


class DeliveryTask(models.Model):
    """Who delivers an approved offer by hand, and by when (a day in UTC). Nobody's at first without a CS manager."""

    offer = models.OneToOneField(Offer, models.PROTECT, related_name="delivery_task")
    owner = models.ForeignKey(settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="delivery_tasks")
    due_on = models.DateField()

    class Meta:
        ordering = ["due_on", "id"]
        indexes = [models.Index(fields=["due_on", "id"], name="delivery_task_by_day")]

    def __str__(self) -> str:
        return f"Deliver {self.offer}"
