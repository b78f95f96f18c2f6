"""Campaigns and what became of every match.

Invariants: every edit makes a version; a candidate is written once per campaign,
account, cause and step, and with it the outcome: that row is the once-only key
of everything that follows; an approval is pinned to the version that it approves.
"""

from enum import StrEnum
from typing import Any

from django.conf import settings
from django.db import models
from django.db.models.functions import Now

from accounts.records.models import Account
from accounts.records.rules import ContactRole
from loyalty.core.people.rules import FUNCTION_CHOICES
from rewards.campaigns.rules.statuses import RUNNING, CampaignStatus
from rewards.campaigns.rules.terms import LEVELS, SHORTEST_COOLDOWN
from rewards.campaigns.rules.trigger import Trigger, TriggerKind
from rewards.campaigns.rules.triggers import TRIGGERS
from rewards.catalogue.models import Reward
from rewards.offers.models import Offer

KIND = "campaign"
"""What change requests call a campaign."""

LEVEL_CHOICES = list(LEVELS.items())


class Outcome(StrEnum):
    """What became of a match: one column of the campaign's funnel."""

    UNFIT = "unfit"
    HELD_OUT = "held_out"
    CAPPED = "capped"
    PROPOSED = "proposed"


class Campaign(models.Model):
    """Trigger, audience, ladder of rewards, limits and owner. `live_since` is when it may first fire.

    `audience` is the JSON of a rule, empty for everybody. `most_accounts` is how
    many accounts it may make offers to at all; null is no limit. The four fields
    of the tactic table say what it needs and what it is expected to bring.
    """

    key = models.SlugField(max_length=60, unique=True)
    name = models.CharField(max_length=120)
    goal = models.CharField(max_length=200)
    owner_function = models.CharField(max_length=10, choices=FUNCTION_CHOICES)
    trigger_kind = models.CharField(
        max_length=30, choices=[(kind.value, trigger.label) for kind, trigger in TRIGGERS.items()]
    )
    trigger_parameters = models.JSONField(default=dict)
    audience = models.JSONField(default=dict, blank=True)
    recipient = models.CharField(
        max_length=20,
        choices=[(r.value, r.value.replace("_", " ")) for r in (ContactRole.CHAMPION, ContactRole.ECONOMIC_BUYER)],
        default=ContactRole.CHAMPION.value,
    )
    cooldown_days = models.PositiveIntegerField(default=90)
    most_accounts = models.PositiveIntegerField(null=True, blank=True)
    holdout_percent = models.PositiveSmallIntegerField(default=0)
    holdout_seed = models.CharField(max_length=64, blank=True)
    data_needed = models.CharField(max_length=300, blank=True)
    short_term_cost = models.CharField(max_length=10, choices=LEVEL_CHOICES, blank=True)
    expected_ltv_gain = models.CharField(max_length=10, choices=LEVEL_CHOICES, blank=True)
    complexity = models.CharField(max_length=10, choices=LEVEL_CHOICES, blank=True)
    status = models.CharField(
        max_length=10, choices=[(s.value, s.value) for s in CampaignStatus], default=CampaignStatus.DRAFT.value
    )
    live_since = models.DateTimeField(null=True)
    version = models.PositiveIntegerField(default=1)

    class Meta:
        ordering = ["name"]
        constraints = [
            models.CheckConstraint(
                condition=models.Q(cooldown_days__gte=SHORTEST_COOLDOWN), name="cooldown_outlasts_late_data"
            ),
            models.CheckConstraint(condition=models.Q(holdout_percent__lte=50), name="holdout_at_most_half"),
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def kind(self) -> Trigger:
        return TRIGGERS[TriggerKind(self.trigger_kind)]

    @property
    def trigger(self) -> dict[str, Any]:
        """The trigger as the terms write it: its kind and its parameters."""
        return {"kind": self.trigger_kind, **self.trigger_parameters}

    @property
    def is_running(self) -> bool:
        return CampaignStatus(self.status) in RUNNING


class CampaignStep(models.Model):
    """One step of a campaign's ladder; it opens `wait_days` after the one before was declined or lapsed.

    What it offered lapses `answer_days` after it was delivered; null: with the validity of the reward.
    """

    campaign = models.ForeignKey(Campaign, models.CASCADE, related_name="steps", db_index=False)
    position = models.PositiveSmallIntegerField()
    reward = models.ForeignKey(Reward, models.PROTECT, related_name="campaign_steps")
    wait_days = models.PositiveIntegerField(default=0)
    answer_days = models.PositiveSmallIntegerField(null=True, blank=True)

    class Meta:
        ordering = ["campaign", "position"]
        constraints = [models.UniqueConstraint(fields=["campaign", "position"], name="one_reward_a_step")]

    def __str__(self) -> str:
        return f"{self.position}: {self.reward}"


class CampaignVersion(models.Model):
    """The terms of a campaign from `effective_at` until the next version."""

    campaign = models.ForeignKey(Campaign, models.PROTECT, related_name="versions")
    version = models.PositiveIntegerField()
    terms = models.JSONField()
    effective_at = models.DateTimeField()
    written_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+")

    class Meta:
        ordering = ["-version"]
        constraints = [models.UniqueConstraint(fields=["campaign", "version"], name="campaign_version_once")]

    def __str__(self) -> str:
        return f"{self.terms.get('name', '')}, version {self.version}"


class CampaignApproval(models.Model):
    """One function's approval of one version of a campaign, before it runs.

    `ended_at` is when what the campaign gives became another thing: written once somebody approves the version
    again. Until then an approval is of no use either that came before the last such change (see `ending`).
    """

    campaign = models.ForeignKey(Campaign, models.PROTECT, related_name="approvals")
    version = models.PositiveIntegerField()
    function = models.CharField(max_length=10, choices=FUNCTION_CHOICES)
    approved_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    approved_at = models.DateTimeField()
    ended_at = models.DateTimeField(null=True)
    note = models.TextField(blank=True)

    class Meta:
        ordering = ["approved_at", "id"]
        constraints = [
            models.UniqueConstraint(
                fields=["campaign", "version", "function"],
                condition=models.Q(ended_at=None),
                name="one_approval_a_function",
            ),
            models.UniqueConstraint(
                fields=["campaign", "version", "approved_by"],
                condition=models.Q(ended_at=None),
                name="one_function_a_person_within_a_campaign",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.function} approved version {self.version}"


class Candidate(models.Model):
    """One match of a campaign at one step of its ladder, and its outcome with the reason in words.

    `cause_key` names the cause: a dated fact by its id, a renewal by its day, an
    episode of a condition by its number. `caused_on` is the day (UTC) of the cause,
    as it was known then. `subject` tells apart who or what caused it within the
    account (a contact's quiz), and is empty for the account itself. One that did not
    fit is looked at again while its cause stands; `rule` is the rule of contract fit
    that it fails, or what capped it: `cap:` with the name that the cap had, the
    supply, the campaign's own limit.
    """

    campaign = models.ForeignKey(Campaign, models.PROTECT, related_name="candidates", db_index=False)
    account = models.ForeignKey(Account, models.PROTECT, related_name="+")
    cause_key = models.CharField(max_length=120)
    step = models.PositiveSmallIntegerField(default=1)
    subject = models.CharField(max_length=60, blank=True)
    caused_on = models.DateField()
    campaign_version = models.PositiveIntegerField(default=1)
    outcome = models.CharField(max_length=20, choices=[(o.value, o.value.replace("_", " ")) for o in Outcome])
    rule = models.CharField(max_length=130, blank=True)
    reason = models.CharField(max_length=300, blank=True)
    offer = models.OneToOneField(Offer, models.PROTECT, null=True, related_name="candidate")
    at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ["-id"]
        constraints = [
            models.UniqueConstraint(fields=["campaign", "account", "cause_key", "step"], name="one_candidate_a_cause")
        ]

    def __str__(self) -> str:
        return f"{self.account}: {self.outcome}"


class EvaluationDue(models.Model):
    """A mark: facts of this account moved, so the triggers have to be looked at again.

    Marks are added in the transaction that moved the facts, and taken away in the
    one that evaluated them, so that a worker that dies between the two loses nothing.
    """

    account = models.ForeignKey(Account, models.CASCADE, related_name="+", db_index=False, db_constraint=False)
    marked_at = models.DateTimeField(db_default=Now())

    def __str__(self) -> str:
        return f"Due since {self.marked_at:%H:%M:%S}"
