"""How we come into billing. Invariants: one connection at most; its key is sealed, and never shown."""

from django.conf import settings
from django.db import models


class BillingConnection(models.Model):
    """The key of billing: sealed, and as a hint its last four characters. `is_live`: it moves real money.

    `locked_out_at` and `locked_out_words`: since when billing does not let it in, and what it says.
    """

    sealed = models.TextField()
    hint = models.CharField(max_length=4)
    is_live = models.BooleanField()
    connected_at = models.DateTimeField()
    connected_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    locked_out_at = models.DateTimeField(null=True)
    locked_out_words = models.CharField(max_length=300, blank=True)

    class Meta:
        constraints = [models.CheckConstraint(condition=models.Q(id=1), name="one_billing_connection")]

    def __str__(self) -> str:
        return "The connection to Stripe"
