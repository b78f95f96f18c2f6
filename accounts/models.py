from accounts.contacts.models import QuizAnswer, Retention
from accounts.facts.models import AccountFacts, FactsDirty, SupportSince
from accounts.facts.scores.models import ScoreCuts, ScoreTerms
from accounts.intake.files.models import FileChunk, FileRefusal, FileUpload
from accounts.intake.hooks.models import HookCall, RecordTold
from accounts.intake.models import IntakeBatch, PlaceDirty, ProfileCall, RefusedItem
from accounts.intake.stripe.models import BillingCoupon, BillingCustomer, BillingDiscount, StripeCall
from accounts.milestones.models import Milestone, MilestoneReach, MilestoneVersion
from accounts.privacy.models import Consent, Erasure, Suppressed
from accounts.records.dated import PlanSegmentSince
from accounts.records.models import (
    Account,
    BillingCredit,
    Contact,
    FeedbackScore,
    Invoice,
    Subscription,
    SubscriptionTerm,
    Ticket,
)
from accounts.referrals.models import Referral
from accounts.renewals.models import Renewal
from accounts.segments.models import Segment, SegmentMove, SegmentVersion
from accounts.sources.models import Source, SourceKey, SourceKind, SourceSecret
from accounts.streaks.models import Pattern, PatternCounted, Streak, StreakReach, StreakRun, StreakVersion
from accounts.tiers.models import Tier, TierMove, TierScheme, TierSchemeVersion, TierWarning
from accounts.usage.models import ContactDay, DailyUsage, Event, EventDay, ForgottenDays, KeyAction, MeteredDay

__all__ = [
    "Account",
    "AccountFacts",
    "BillingCoupon",
    "BillingCredit",
    "BillingCustomer",
    "BillingDiscount",
    "Consent",
    "Contact",
    "ContactDay",
    "DailyUsage",
    "Erasure",
    "Event",
    "EventDay",
    "FactsDirty",
    "FeedbackScore",
    "FileChunk",
    "FileRefusal",
    "FileUpload",
    "ForgottenDays",
    "HookCall",
    "IntakeBatch",
    "Invoice",
    "KeyAction",
    "MeteredDay",
    "Milestone",
    "MilestoneReach",
    "MilestoneVersion",
    "Pattern",
    "PatternCounted",
    "PlaceDirty",
    "PlanSegmentSince",
    "ProfileCall",
    "QuizAnswer",
    "RecordTold",
    "Referral",
    "Renewal",
    "RefusedItem",
    "Retention",
    "ScoreCuts",
    "ScoreTerms",
    "Segment",
    "SegmentMove",
    "SegmentVersion",
    "Source",
    "SourceKey",
    "SourceKind",
    "SourceSecret",
    "Streak",
    "StreakReach",
    "StreakRun",
    "StreakVersion",
    "StripeCall",
    "Subscription",
    "SubscriptionTerm",
    "SupportSince",
    "Suppressed",
    "Ticket",
    "Tier",
    "TierMove",
    "TierWarning",
    "TierScheme",
    "TierSchemeVersion",
]
