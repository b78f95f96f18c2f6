"""Accounts, contacts, subscriptions, tickets and feedback, as their systems of record tell them.

An account is a customer company. Unknown stays null: it is never zero.
`external_id` is the id in the sending system and the key of every upsert.
"""

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models.functions import Now

from accounts.records.rules import (
    BillingFrequency,
    ContactRole,
    CreditKind,
    CreditStatus,
    InvoiceStatus,
    PlanSegment,
    Unpriced,
    choices,
)
from loyalty.core.money import money


class Account(models.Model):
    """A customer company; tiers, segments, caps and credits are held at this level.

    `time_zone` is an IANA name whose days are the account's days; empty when nobody told it, and
    then the company's own holds (`COMPANY_TIME_ZONE`). The database keeps no name that it does not
    know, and marks all days of an account dirty whose zone is told anew. `referred_by`: the external
    id of the account that referred this one, as told; there may be no such account yet.
    `traits_at`: the time of the newest group call that told its traits.
    """

    external_id = models.CharField(max_length=255, unique=True)
    name = models.CharField(max_length=300)
    industry = models.CharField(max_length=100, blank=True)
    country = models.CharField(max_length=2, blank=True)
    employee_count = models.PositiveIntegerField(null=True)
    goals = models.TextField(blank=True)
    plan_segment = models.CharField(max_length=20, choices=choices(PlanSegment), blank=True)
    time_zone = models.CharField(max_length=64, blank=True, default="")
    referred_by = models.CharField(max_length=255, blank=True, default="", db_default="")
    signed_up_on = models.DateField(null=True)
    traits = models.JSONField(default=dict)
    traits_at = models.DateTimeField(null=True)
    cs_manager = models.ForeignKey(settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="book")
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ["name", "id"]
        indexes = [
            models.Index(fields=["name", "id"], name="account_by_name"),
            models.Index(fields=["referred_by"], name="account_by_referrer", condition=~models.Q(referred_by="")),
        ]

    def __str__(self) -> str:
        return self.name


class Contact(models.Model):
    """A person at an account; `account` is null until a group call places them.

    `role` is held at the account: the database takes it from whoever goes to another.
    `traits_at` and `placed_at`: the times of the newest calls that told traits
    and account, so that an older call, arriving late, does not undo them. `seen_at`
    and `seen_account`: the first event of theirs that named an account, and that
    one; they are there until the time of the first call, which `placed_at` leaves empty.
    """

    account = models.ForeignKey(Account, models.PROTECT, null=True, related_name="contacts")
    external_id = models.CharField(max_length=255, unique=True)
    name = models.CharField(max_length=300, blank=True)
    email = models.CharField(max_length=320, blank=True)
    role = models.CharField(max_length=20, choices=choices(ContactRole), default=ContactRole.USER.value)
    traits = models.JSONField(default=dict)
    traits_at = models.DateTimeField(null=True)
    placed_at = models.DateTimeField(null=True)
    seen_at = models.DateTimeField(null=True)
    seen_account = models.ForeignKey(Account, models.PROTECT, null=True, related_name="+", db_index=False)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ["name", "id"]

    def __str__(self) -> str:
        return self.name or self.email or "A contact without a name"


class Subscription(models.Model):
    """One subscription of an account from `starts_on` on; what it is worth, and its end, stand in its dated terms.

    An account may hold several at once: its MRR and seats are their sums.
    Trials pay nothing and their seats are not bought. `told_at` and `told_as`
    are those of the telling that named the account and the start.
    """

    account = models.ForeignKey(Account, models.PROTECT, related_name="subscriptions")
    external_id = models.CharField(max_length=255, unique=True)
    starts_on = models.DateField()
    told_at = models.DateTimeField(db_default=Now())
    told_as = models.CharField(max_length=255, blank=True, default="")
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ["starts_on", "id"]
        indexes = [models.Index(fields=["account", "starts_on"], name="subscription_by_account")]

    def __str__(self) -> str:
        return f"Subscription from {self.starts_on}"


class SubscriptionTerm(models.Model):
    """What a subscription is from a day on, until the day of its next term; `mrr` per month in `currency`.

    `ends_on` is its end as it was known then: on and after that day it is not
    active, whatever else the term says. `is_cancelling`: the customer has asked
    for that end. `is_paused`: kept, and nothing is billed. `unpriced`: why the
    MRR is unknown, if billing could say. `discounts_of`: the customer of billing whose standing discounts
    still come off `mrr`. `told_at` and `told_as` are the time and the id of the telling that stands here; an
    older one never replaces it.
    """

    subscription = models.ForeignKey(Subscription, models.CASCADE, related_name="terms", db_index=False)
    from_day = models.DateField()
    plan = models.CharField(max_length=100, blank=True)
    billing_frequency = models.CharField(max_length=20, choices=choices(BillingFrequency), blank=True)
    seats = models.PositiveIntegerField(null=True)
    mrr = models.DecimalField(max_digits=14, decimal_places=2, null=True)
    unpriced = models.CharField(max_length=20, choices=choices(Unpriced), blank=True, db_default="")
    currency = models.CharField(max_length=3, default="USD")
    is_trial = models.BooleanField(default=False)
    is_paused = models.BooleanField(db_default=False)
    renews_on = models.DateField(null=True)
    ends_on = models.DateField(null=True)
    is_cancelling = models.BooleanField(default=False)
    discounts_of = models.CharField(max_length=255, blank=True, db_default="")
    told_at = models.DateTimeField(db_default=Now())
    told_as = models.CharField(max_length=255, blank=True, default="")

    class Meta:
        ordering = ["subscription", "from_day"]
        constraints = [models.UniqueConstraint(fields=["subscription", "from_day"], name="subscription_term_once")]

    def __str__(self) -> str:
        return f"{self.plan or 'Subscription'} from {self.from_day}"


class StandingDiscount(models.Model):
    """What comes off each subscription of one customer of billing on the days [since, until) (UTC), for ever so far.

    `percent_off` of 100, or `amount_off` in `currency` each billing period; with
    neither, it is not known what comes off. Those of a customer never overlap.
    """

    customer = models.CharField(max_length=255)
    since = models.DateField()
    until = models.DateField(null=True)
    percent_off = models.DecimalField(max_digits=12, decimal_places=9, null=True)
    amount_off = models.DecimalField(max_digits=14, decimal_places=2, null=True)
    currency = models.CharField(max_length=3, blank=True)

    class Meta:
        ordering = ["customer", "since"]
        constraints = [models.UniqueConstraint(fields=["customer", "since"], name="standing_discount_once")]

    def __str__(self) -> str:
        return f"Discount of {self.customer} from {self.since}"

    @property
    def words(self) -> str:
        """What comes off, for people; "" when it is not known."""
        if self.percent_off is not None:
            return f"{self.percent_off.normalize():f} %"
        return "" if self.amount_off is None else f"{money(self.amount_off, self.currency)} each billing period"


class Invoice(models.Model):
    """A bill as billing tells it; amounts in `currency`, times are those of the billing system.

    A draft counts for nothing: nobody owes it, and billing may still change it. `customer`, `balance_before` and
    `balance_after` as in `rules.Bill`. `told_at` and `told_as` are the time and the id of the newest telling: an
    older one never replaces it.
    """

    account = models.ForeignKey(Account, models.PROTECT, related_name="invoices")
    external_id = models.CharField(max_length=255, unique=True)
    customer = models.CharField(max_length=255, blank=True, default="", db_default="")
    subscription_external_id = models.CharField(max_length=255, blank=True)
    number = models.CharField(max_length=100, blank=True)
    status = models.CharField(max_length=20, choices=choices(InvoiceStatus))
    cause = models.CharField(max_length=40, blank=True)
    currency = models.CharField(max_length=3)
    due = models.DecimalField(max_digits=14, decimal_places=2)
    paid = models.DecimalField(max_digits=14, decimal_places=2)
    failed_payments = models.PositiveIntegerField(default=0)
    issued_at = models.DateTimeField()
    paid_at = models.DateTimeField(null=True)
    balance_before = models.DecimalField(max_digits=14, decimal_places=2, null=True)
    balance_after = models.DecimalField(max_digits=14, decimal_places=2, null=True)
    told_at = models.DateTimeField()
    told_as = models.CharField(max_length=255)

    class Meta:
        ordering = ["-issued_at", "-id"]
        indexes = [models.Index(fields=["account", "issued_at"], name="invoice_by_account")]

    def __str__(self) -> str:
        return f"Invoice {self.number or self.external_id}"


class BillingCredit(models.Model):
    """A credit that billing tells of, never one of the programme's grants; above zero it is in the customer's favour.

    `amount` in `currency`, `at` from when it counts. `told_at` and `told_as`
    are the time and the id of the newest telling: an older one never replaces it.
    """

    account = models.ForeignKey(Account, models.PROTECT, related_name="billing_credits")
    external_id = models.CharField(max_length=255, unique=True)
    kind = models.CharField(max_length=20, choices=choices(CreditKind))
    status = models.CharField(max_length=10, choices=choices(CreditStatus))
    number = models.CharField(max_length=100, blank=True)
    cause = models.CharField(max_length=60, blank=True)
    invoice_external_id = models.CharField(max_length=255, blank=True)
    currency = models.CharField(max_length=3)
    amount = models.DecimalField(max_digits=14, decimal_places=2)
    at = models.DateTimeField()
    expires_at = models.DateTimeField(null=True)
    told_at = models.DateTimeField()
    told_as = models.CharField(max_length=255)

    class Meta:
        ordering = ["-at", "-id"]
        indexes = [models.Index(fields=["account", "at"], name="billing_credit_by_account")]

    def __str__(self) -> str:
        return f"{self.get_kind_display().capitalize()} {self.number or self.external_id}"


class Ticket(models.Model):
    """One support ticket; `satisfaction` 1 to 5 as given by the customer at `rated_at`.

    `closed_at` is None while it is open. `turns`: the moments, in order, at which
    it was closed and opened again before that, in pairs; None for never. A rating
    that nobody dated counts from when the ticket was closed first. What it was rated
    before that stands side by side in `former_scores` and `former_rated_at`, the oldest
    first; no score: the rating was taken back.
    """

    account = models.ForeignKey(Account, models.PROTECT, related_name="tickets")
    external_id = models.CharField(max_length=255, unique=True)
    opened_at = models.DateTimeField()
    closed_at = models.DateTimeField(null=True)
    turns = ArrayField(models.DateTimeField(), null=True)
    priority = models.CharField(max_length=20, blank=True)
    satisfaction = models.DecimalField(max_digits=3, decimal_places=1, null=True)
    rated_at = models.DateTimeField(null=True)
    former_scores = ArrayField(models.DecimalField(max_digits=3, decimal_places=1, null=True), null=True)
    former_rated_at = ArrayField(models.DateTimeField(), null=True)

    class Meta:
        ordering = ["-opened_at", "-id"]
        indexes = [
            models.Index(fields=["account", "opened_at"], name="ticket_by_account"),
            models.Index(fields=["opened_at"], name="ticket_by_time"),
        ]

    def __str__(self) -> str:
        return f"Ticket of {self.opened_at:%d %b %Y}"


class FeedbackScore(models.Model):
    """One answer of a contact: NPS 0 to 10."""

    account = models.ForeignKey(Account, models.PROTECT, related_name="feedback")
    contact = models.ForeignKey(Contact, models.SET_NULL, null=True, related_name="feedback")
    external_id = models.CharField(max_length=255, unique=True)
    kind = models.CharField(max_length=10, choices=[("nps", "NPS"), ("csat", "CSAT")])
    score = models.DecimalField(max_digits=4, decimal_places=1)
    at = models.DateTimeField()

    class Meta:
        ordering = ["-at", "-id"]
        indexes = [models.Index(fields=["account", "kind", "at"], name="feedback_by_account")]

    def __str__(self) -> str:
        return f"{self.kind} {self.score}"
