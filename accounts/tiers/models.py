"""The scheme of tiers, and who rose and fell.

Invariants: there is one scheme, and every edit of it makes a version; the tier of
a day is made by the versions of the days that it is worked out from; a move is
kept once an account, day and tier.
"""

from enum import StrEnum

from django.conf import settings
from django.db import models
from django.db.models.functions import Now

from accounts.records.models import Account
from accounts.tiers.rules import Scheme, scheme_of
from loyalty.core.figures import number_text


class Cause(StrEnum):
    """What moved an account: its own use, an edit of the scheme, or the first day that is known of it."""

    FACTS = "facts"
    RULE = "rule"
    START = "start"


class Tier(models.Model):
    """That there is, or was, a tier of this key; what it asks for stands in the scheme."""

    key = models.SlugField(max_length=60, unique=True)
    name = models.CharField(max_length=60)

    class Meta:
        ordering = ["id"]

    def __str__(self) -> str:
        return self.name


class TierScheme(models.Model):
    """The one scheme in force; `values` as `rules.clean_values` writes them."""

    values = models.JSONField()
    version = models.PositiveIntegerField(default=1)

    class Meta:
        constraints = [models.CheckConstraint(condition=models.Q(id=1), name="one_scheme_of_tiers")]

    def __str__(self) -> str:
        return "Tiers"

    @property
    def scheme(self) -> Scheme:
        return scheme_of(self.values)


class TierSchemeVersion(models.Model):
    """The scheme from `effective_at` until the next version; of those of one day the last holds for all of it."""

    version = models.PositiveIntegerField(unique=True)
    values = models.JSONField()
    effective_at = models.DateTimeField()

    class Meta:
        ordering = ["-version"]

    def __str__(self) -> str:
        return f"Tiers, version {self.version}"


class TierWarning(models.Model):
    """A dated fact: Customer Success was warned that this account is about to step down from a tier on a day.

    `manager` is whose book the account was in then. An account that earns its tier again and loses it once
    more falls on another day, and is warned of anew. `falls_on` is null while its renewal is not known.
    """

    account = models.ForeignKey(Account, models.PROTECT, related_name="tier_warnings")
    tier = models.ForeignKey(Tier, models.PROTECT, related_name="+")
    falls_to = models.ForeignKey(Tier, models.PROTECT, null=True, related_name="+")
    falls_on = models.DateField(null=True)
    why = models.CharField(max_length=300)
    manager = models.ForeignKey(settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="+")
    warned_at = models.DateTimeField(db_default=Now())

    class Meta:
        ordering = ["-warned_at", "-id"]
        constraints = [
            models.UniqueConstraint(
                fields=["account", "tier", "falls_on"], nulls_distinct=False, name="tier_warning_once"
            )
        ]

    def __str__(self) -> str:
        return f"{self.account} is about to fall from {self.tier}"


class TierMove(models.Model):
    """A dated fact: the account rose or fell on this day. A missing tier is none.

    `metric` is the value of the scheme's metric on the day, null when unknown.
    `fires` says that the account's own use raised it, lately. Late data corrects
    the day and keeps the id and whether it fires; a move that late data took back
    is kept with `withdrawn_at`: leave it out.
    """

    account = models.ForeignKey(Account, models.PROTECT, related_name="tier_moves")
    tier = models.ForeignKey(Tier, models.PROTECT, null=True, related_name="moves")
    from_tier = models.ForeignKey(Tier, models.PROTECT, null=True, related_name="+")
    is_up = models.BooleanField()
    day = models.DateField()
    metric = models.DecimalField(max_digits=20, decimal_places=6, null=True)
    version = models.PositiveIntegerField()
    cause = models.CharField(max_length=5, choices=[(c.value, c.value) for c in Cause])
    fires = models.BooleanField()
    recorded_at = models.DateTimeField(db_default=Now())
    withdrawn_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ["-day", "-id"]
        constraints = [
            models.UniqueConstraint(
                fields=["account", "day", "tier"],
                condition=models.Q(withdrawn_at=None),
                nulls_distinct=False,
                name="tier_move_once",
            )
        ]
        indexes = [
            models.Index(fields=["-day", "-id"], name="tier_move_by_day"),
            models.Index(fields=["tier", "-day", "-id"], name="tier_move_by_tier"),
        ]

    def __str__(self) -> str:
        return f"{self.account}: {self.from_tier or 'no tier'} → {self.tier or 'no tier'}"

    @property
    def metric_text(self) -> str:
        """The value of the metric without the noughts of its column; empty when unknown."""
        return "" if self.metric is None else number_text(f"{self.metric.normalize():f}")
