"""The catalogue: what can be given, at what cost, owned by whom."""

from django.db import models

from loyalty.core.people.rules import FUNCTION_CHOICES


class Reward(models.Model):
    """An entry of the catalogue; money in `currency`.

    `face_value` is what the customer sees, `marginal_cost` what it costs us,
    `discount_equivalent` what it counts against caps and the Finance threshold.
    """

    key = models.SlugField(max_length=60, unique=True)
    name = models.CharField(max_length=120)
    kind = models.CharField(max_length=40)
    owner_function = models.CharField(max_length=10, choices=FUNCTION_CHOICES)
    is_credit = models.BooleanField()
    is_limited_feature = models.BooleanField(default=False)
    face_value = models.DecimalField(max_digits=14, decimal_places=2)
    marginal_cost = models.DecimalField(max_digits=14, decimal_places=2)
    discount_equivalent = models.DecimalField(max_digits=14, decimal_places=2)
    currency = models.CharField(max_length=3, default="USD")
    validity_days = models.PositiveIntegerField(default=365)
    version = models.PositiveIntegerField(default=1)

    class Meta:
        ordering = ["name"]

    def __str__(self) -> str:
        return self.name
