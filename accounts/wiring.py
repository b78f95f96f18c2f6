"""What the accounts floor tells the ground: what can be changed by request, found, and warned of in the top bar."""

from accounts.book.finding import find_accounts, find_contacts
from accounts.book.leaving import BOOK
from accounts.conditions.choices import milestone_choices
from accounts.conditions.registry import add_choices, add_facts
from accounts.conditions.streak_facts import streak_facts
from accounts.facts.followers import add_follower
from accounts.facts.queries import dirty_since
from accounts.facts.scores.changing import SCORE_TERMS
from accounts.intake.files.running import IMPORT_JOB
from accounts.intake.refusals import refusals_of
from accounts.milestones.changing import MILESTONE
from accounts.milestones.key_actions import KEY_ACTIONS
from accounts.referrals.verbs import follow_referrals
from accounts.renewals.verbs import follow_renewals
from accounts.segments.changing import SEGMENT
from accounts.segments.finding import find_segments, waiting_segments
from accounts.segments.following import follow as follow_with_segments
from accounts.segments.queries import segment_choices
from accounts.sources.refusals import tell_refusals
from accounts.sources.warning import silent_source_warning
from accounts.streaks.changing import STREAK
from accounts.tiers.changing import TIER_SCHEME
from accounts.tiers.following import follow as follow_with_tiers
from accounts.tiers.queries import tier_choices
from loyalty.core.changes.registry import register
from loyalty.core.doorbell.waiting import add_gauge
from loyalty.core.jobs.registry import register_job
from loyalty.core.people.leaving import add_hand_over
from loyalty.core.shell.registry import add_counter, add_finder, add_settings_tab, add_warning


def wire() -> None:
    """Register everything once, when the app is ready."""
    register(MILESTONE)
    register(KEY_ACTIONS)
    register(STREAK)
    add_facts(streak_facts)
    register(TIER_SCHEME)
    add_choices("tier", tier_choices)
    register(SEGMENT)
    register(SCORE_TERMS)
    add_choices("milestones", milestone_choices)
    add_follower("segments", follow_with_segments)
    add_choices("segments", segment_choices)
    add_choices("primary_segment", segment_choices)
    add_follower("referrals", follow_referrals)
    add_follower("renewals", follow_renewals)
    register_job(IMPORT_JOB)
    add_finder("Accounts", find_accounts)
    add_finder("Contacts", find_contacts)
    add_finder("Segments", find_segments)
    add_counter("segments", waiting_segments)
    add_warning(silent_source_warning)
    add_hand_over("accounts of their book", BOOK)
    add_settings_tab("Retention", "settings-retention")
    tell_refusals(refusals_of)
    add_gauge("Account facts", dirty_since)
    add_follower("tiers", follow_with_tiers)
