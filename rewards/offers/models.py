"""Offers and grants.

Invariants: one open offer per account, campaign and cause, and one ever per
cause and step of the ladder; the evidence is a snapshot of data and never changes; `digest` pins the terms
that people approve; an offer has at most one grant.
"""

from dataclasses import fields
from decimal import Decimal

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.contrib.postgres.indexes import GinIndex
from django.db import models
from django.db.models import Value

from accounts.records.models import Account, Contact
from loyalty.core.money import POINTS
from loyalty.core.people.rules import FUNCTION_CHOICES, functions_in_words
from rewards.catalogue.models import Reward
from rewards.offers.evidence import summary
from rewards.offers.rules import OfferState
from rewards.offers.terms import OfferTerms

OPEN = models.Q(state=OfferState.IN_APPROVAL.value)


class Offer(models.Model):
    """One reward proposed to one account by one campaign, with the evidence.

    Money in `currency`, which may be points; the discount-equivalent of points is in the reporting currency.
    `step` is the step of the campaign's ladder. `contact` is
    who receives it, `informed` who is told of it. `awaits` are the functions whose
    decision is awaited now, those of the steps that are open. `exceeded_caps` names the
    soft caps that it went above. `proposed_by` is null when the campaign proposed by itself.
    `assigned_to` works it: whose book the account is in, until it is reassigned. `at_stake`
    ranks it in the queue, and `stake` says what that is made of (see `ranking`). Until the
    day `snoozed_until` (company's time zone) it does not show in the queue.
    `open_until` is the last day (UTC) on which a delivered offer can be accepted: `answer_days` after its
    delivery, and while the grant is valid; null: for as long as the grant is.
    `has_standing_approval`: granted without a person, because all three functions
    approved this version of its campaign before and it is below every threshold.
    """

    account = models.ForeignKey(Account, models.PROTECT, related_name="offers")
    contact = models.ForeignKey(Contact, models.SET_NULL, null=True, related_name="offers")
    informed = models.ForeignKey(Contact, models.SET_NULL, null=True, related_name="+")
    campaign = models.ForeignKey("rewards.Campaign", models.PROTECT, related_name="offers")
    campaign_version = models.PositiveIntegerField()
    cause_key = models.CharField(max_length=120)
    step = models.PositiveSmallIntegerField(default=1)
    reward = models.ForeignKey(Reward, models.PROTECT, related_name="offers")
    reward_name = models.CharField(max_length=120)
    face_value = models.DecimalField(max_digits=14, decimal_places=2)
    discount_equivalent = models.DecimalField(max_digits=14, decimal_places=2)
    currency = models.CharField(max_length=3)
    validity_days = models.PositiveIntegerField()
    answer_days = models.PositiveSmallIntegerField(null=True)
    evidence = models.JSONField()
    digest = models.CharField(max_length=64)
    state = models.CharField(
        max_length=20,
        choices=[(s.value, s.label) for s in OfferState],
        default=OfferState.IN_APPROVAL.value,
    )
    awaits = ArrayField(models.CharField(max_length=10, choices=FUNCTION_CHOICES), default=list)
    exceeded_caps = models.CharField(max_length=300, blank=True, default="", db_default=Value(""))
    due_at = models.DateTimeField(null=True)
    assigned_to = models.ForeignKey(settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="+")
    at_stake = models.DecimalField(max_digits=16, decimal_places=2, default=Decimal(0), db_default=Value(Decimal(0)))
    stake = models.JSONField(default=dict, db_default=Value({}, models.JSONField()))
    snoozed_until = models.DateField(null=True)
    snooze_reason = models.CharField(max_length=300, blank=True, default="", db_default=Value(""))
    has_standing_approval = models.BooleanField(default=False, db_default=False)
    proposed_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+")
    proposed_at = models.DateTimeField(auto_now_add=True)
    delivered_at = models.DateTimeField(null=True)
    open_until = models.DateField(null=True)
    closed_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ["-id"]
        constraints = [
            models.UniqueConstraint(fields=["campaign", "account", "cause_key", "step"], name="one_offer_a_cause"),
        ]
        indexes = [
            models.Index(fields=["due_at", "id"], condition=OPEN, name="offer_queue"),
            models.Index(fields=["-at_stake", "id"], condition=OPEN, name="offer_by_stake"),
            models.Index(fields=["assigned_to", "-at_stake", "id"], condition=OPEN, name="offer_by_book"),
            models.Index(
                fields=["snoozed_until"], condition=OPEN & models.Q(snoozed_until__isnull=False), name="offer_snoozed"
            ),
            models.Index(
                fields=["-closed_at", "-id"], condition=models.Q(closed_at__isnull=False), name="offer_by_end"
            ),
            GinIndex(fields=["awaits"], condition=OPEN, name="offer_by_turn"),
            models.Index(fields=["account", "-id"], name="offer_by_account"),
        ]

    def __str__(self) -> str:
        return f"{self.reward_name} for {self.account}"

    @property
    def terms(self) -> OfferTerms:
        """What an approval of it is an approval of."""
        return OfferTerms(**{field.name: getattr(self, field.name) for field in fields(OfferTerms)})

    @property
    def equivalent_in(self) -> str:
        """The currency of the discount-equivalent: that of the offer, and of points the reporting currency."""
        return settings.REPORTING_CURRENCY if self.currency == POINTS else self.currency

    @property
    def reason(self) -> str:
        """Why the account gets it, in half a line."""
        return summary(self.evidence)

    @property
    def waits_for(self) -> str:
        """Whose decision is awaited, in words; empty when nobody's is."""
        return f"Waits for {functions_in_words(self.awaits)}" if self.awaits else ""


class Grant(models.Model):
    """An approved reward that has been given.

    Until `held_until` its last approval can be taken back, and nobody outside is told of it; null where no person
    approved it last, or it stands on the books.
    """

    offer = models.OneToOneField(Offer, models.PROTECT, related_name="grant")
    account = models.ForeignKey(Account, models.PROTECT, related_name="grants")
    face_value = models.DecimalField(max_digits=14, decimal_places=2)
    currency = models.CharField(max_length=3)
    granted_at = models.DateTimeField(auto_now_add=True)
    expires_on = models.DateField()
    held_until = models.DateTimeField(null=True)

    class Meta:
        ordering = ["-id"]

    def __str__(self) -> str:
        return f"Grant to {self.account}"
