"""Campaigns and what became of every match.

Invariants: a candidate is written once per campaign, account and cause, and
with it the outcome; that row is the once-only key of everything that follows.
"""

from enum import StrEnum

from django.db import models

from accounts.milestones.models import Milestone
from accounts.records.models import Account
from loyalty.core.people.rules import FUNCTION_CHOICES
from rewards.catalogue.models import Reward
from rewards.offers.models import Offer


class CampaignStatus(StrEnum):
    DRAFT = "draft"
    MODELLED = "modelled"
    APPROVED = "approved"
    PILOT = "pilot"
    LIVE = "live"
    PAUSED = "paused"
    RETIRED = "retired"


class Outcome(StrEnum):
    """What became of a match: one column of the campaign's funnel."""

    PROPOSED = "proposed"
    CAPPED = "capped"


class Campaign(models.Model):
    """A trigger, a reward and an owner. `live_since` is when it may first fire."""

    key = models.SlugField(max_length=60, unique=True)
    name = models.CharField(max_length=120)
    goal = models.CharField(max_length=200)
    owner_function = models.CharField(max_length=10, choices=FUNCTION_CHOICES)
    milestone = models.ForeignKey(Milestone, models.PROTECT, related_name="campaigns")
    reward = models.ForeignKey(Reward, models.PROTECT, related_name="campaigns")
    status = models.CharField(
        max_length=10, choices=[(s.value, s.value) for s in CampaignStatus], default=CampaignStatus.DRAFT.value
    )
    live_since = models.DateTimeField(null=True)
    version = models.PositiveIntegerField(default=1)

    class Meta:
        ordering = ["name"]

    def __str__(self) -> str:
        return self.name


class Candidate(models.Model):
    """One match of a campaign, and its outcome with the reason in words."""

    campaign = models.ForeignKey(Campaign, models.PROTECT, related_name="candidates", db_index=False)
    account = models.ForeignKey(Account, models.PROTECT, related_name="+")
    cause_key = models.CharField(max_length=120)
    outcome = models.CharField(max_length=20, choices=[(o.value, o.value) for o in Outcome])
    reason = models.CharField(max_length=300, blank=True)
    offer = models.OneToOneField(Offer, models.PROTECT, null=True, related_name="candidate")
    at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ["-id"]
        constraints = [
            models.UniqueConstraint(fields=["campaign", "account", "cause_key"], name="one_candidate_a_cause")
        ]

    def __str__(self) -> str:
        return f"{self.account}: {self.outcome}"
