"""Dated facts that set campaigns off: one SELECT a kind, over the tables of the rooms that record them.

Each row is a match: campaign_id, account_id, cause_key (the id of the fact),
subject (who caused it within the account; empty for the account itself),
caused_on, contact_id (whom it is about, if anybody) and cause (what the evidence
tells). Only what fires, since the campaign runs, and not too long ago; who asks
what last year would have made counts also what was known too late to fire.
"""

from collections.abc import Mapping

from accounts.privacy.standing import consents_in_sql
from accounts.segments.rules import Cause as SegmentCause
from accounts.tiers.models import Cause as TierCause
from rewards.campaigns.rules.trigger import TriggerKind
from rewards.campaigns.scope import Scope

_DAY = "({at} AT TIME ZONE 'UTC')::date"
_SINCE = "{at} >= campaign.live_since AND {at} >= %(waits_from)s AND {at} <= %(now)s"
# A day counts whole: what was reached on the day on which the campaign went live may be of before or after.
_SINCE_DAY = """{day} >= (campaign.live_since AT TIME ZONE 'UTC')::date
  AND {day} >= (%(waits_from)s AT TIME ZONE 'UTC')::date AND fact.recorded_at >= campaign.live_since"""

_MILESTONE = f"""
SELECT campaign.id AS campaign_id, fact.account_id, 'milestone-reach:' || fact.id AS cause_key, '' AS subject,
       {_DAY.format(at="fact.reached_at")} AS caused_on, NULL::bigint AS contact_id,
       jsonb_build_object(
           'fact', 'milestone', 'name', milestone.name, 'event', coalesce(event.name, milestone.event_name),
           'count', fact.count, 'version', fact.version, 'at', fact.reached_at, 'message', event.message_id) AS cause
FROM rewards_campaign AS campaign
JOIN accounts_milestone AS milestone ON milestone.key = campaign.trigger_parameters ->> 'milestone'
JOIN accounts_milestonereach AS fact
  ON fact.milestone_id = milestone.id AND {{fires}} AND fact.withdrawn_at IS NULL
LEFT JOIN accounts_event AS event ON event.id = fact.event_id
WHERE campaign.id = ANY (%(milestone)s) AND {{scope}} AND {_SINCE.format(at="fact.reached_at")}
"""

_STREAK = f"""
SELECT campaign.id, fact.account_id, 'streak-reach:' || fact.id, '', fact.reached_on, NULL::bigint,
       jsonb_build_object(
           'fact', streak.kind, 'name', streak.name, 'length', fact.length, 'version', fact.version,
           'from', fact.run_starts_on, 'at', fact.reached_at, 'event', event.name, 'message', event.message_id)
FROM rewards_campaign AS campaign
JOIN accounts_streak AS streak
  ON streak.key = campaign.trigger_parameters ->> campaign.trigger_kind AND streak.kind = campaign.trigger_kind
JOIN accounts_streakreach AS fact ON fact.streak_id = streak.id AND {{fires}}
LEFT JOIN accounts_event AS event ON event.id = fact.event_id
WHERE campaign.id = ANY (%(streak)s) AND {{scope}} AND {_SINCE.format(at="fact.reached_at")}
"""

_SEGMENT = f"""
SELECT campaign.id, fact.account_id, 'segment-move:' || fact.id, '', fact.day, NULL::bigint,
       jsonb_build_object('fact', 'segment', 'name', segment.name, 'version', fact.version, 'on', fact.day)
FROM rewards_campaign AS campaign
JOIN accounts_segment AS segment ON segment.key = campaign.trigger_parameters ->> 'segment'
JOIN accounts_segmentmove AS fact
  ON fact.segment_id = segment.id AND fact.entered AND {{fires}} AND fact.withdrawn_at IS NULL
WHERE campaign.id = ANY (%(segment)s) AND {{scope}} AND {_SINCE_DAY.format(day="fact.day")}
"""

_TIER = f"""
SELECT campaign.id, fact.account_id, 'tier-move:' || fact.id, '', fact.day, NULL::bigint,
       jsonb_build_object('fact', 'tier', 'name', tier.name, 'version', fact.version, 'on', fact.day)
FROM rewards_campaign AS campaign
JOIN accounts_tiermove AS fact ON fact.is_up AND {{fires}} AND fact.withdrawn_at IS NULL
JOIN accounts_tier AS tier
  ON tier.id = fact.tier_id AND tier.key = coalesce(campaign.trigger_parameters ->> 'tier', tier.key)
WHERE campaign.id = ANY (%(tier)s) AND {{scope}} AND {_SINCE_DAY.format(day="fact.day")}
"""

_REFERRAL = f"""
SELECT campaign.id, fact.referrer_id, 'referral:' || fact.id, 'referral:' || fact.id,
       {_DAY.format(at="fact.converted_at")}, NULL::bigint,
       jsonb_build_object('fact', 'referral', 'name', referred.name, 'at', fact.converted_at)
FROM rewards_campaign AS campaign
JOIN accounts_referral AS fact ON {{fires}}
JOIN accounts_account AS referred ON referred.id = fact.referred_id
WHERE campaign.id = ANY (%(referral)s) AND {{scope}} AND {_SINCE.format(at="fact.converted_at")}
"""

# Each renewal is a subject of its own, so that an account's second subscription is not kept waiting by its first.
_RENEWAL = f"""
SELECT campaign.id, fact.account_id, 'renewal:' || fact.id, 'renewal:' || fact.id,
       {_DAY.format(at="fact.paid_at")}, NULL::bigint,
       jsonb_build_object(
           'fact', 'renewal', 'name', coalesce(nullif(invoice.number, ''), invoice.external_id), 'at', fact.paid_at)
FROM rewards_campaign AS campaign
JOIN accounts_renewal AS fact ON {{fires}} AND fact.withdrawn_at IS NULL
JOIN accounts_invoice AS invoice ON invoice.id = fact.invoice_id
WHERE campaign.id = ANY (%(renewal)s) AND {{scope}} AND {_SINCE.format(at="fact.paid_at")}
"""

# Without consent a contact's behaviour counts in account totals only, and sets off nothing of its own.
_QUIZ = f"""
SELECT campaign.id, contact.account_id, 'quiz:' || contact.id, 'contact:' || contact.id,
       {_DAY.format(at="fact.answered_at")}, contact.id,
       jsonb_build_object('fact', 'quiz', 'version', fact.version, 'at', fact.answered_at, 'contact', contact.id)
FROM rewards_campaign AS campaign
CROSS JOIN accounts_quizanswer AS fact
JOIN accounts_contact AS contact ON contact.id = fact.contact_id
WHERE campaign.id = ANY (%(quiz)s) AND {{scope}} AND {_SINCE.format(at="fact.answered_at")}
  AND {consents_in_sql("contact.id")}
"""

# Kinds that share a statement stand in one row; then the statement, its column with the account, and which of
# its facts would have fired had they been known in time: those that the account itself brought about.
_STATEMENTS: tuple[tuple[frozenset[TriggerKind], str, str, str], ...] = (
    (frozenset({TriggerKind.MILESTONE}), _MILESTONE, "fact.account_id", "true"),
    (frozenset({TriggerKind.STREAK, TriggerKind.TRACK}), _STREAK, "fact.account_id", "NOT fact.joined"),
    (frozenset({TriggerKind.SEGMENT}), _SEGMENT, "fact.account_id", f"fact.cause = '{SegmentCause.FACTS.value}'"),
    (frozenset({TriggerKind.TIER}), _TIER, "fact.account_id", f"fact.cause = '{TierCause.FACTS.value}'"),
    (frozenset({TriggerKind.REFERRAL}), _REFERRAL, "fact.referrer_id", "true"),
    (frozenset({TriggerKind.QUIZ}), _QUIZ, "contact.account_id", "true"),
    (frozenset({TriggerKind.RENEWAL_PAID}), _RENEWAL, "fact.account_id", "true"),
)
_NAMES = ("milestone", "streak", "segment", "tier", "referral", "quiz", "renewal")


def dated_matches(
    campaigns: Mapping[TriggerKind, list[int]], scope: Scope, *, looking_back: bool = False
) -> tuple[list[str], dict[str, list[int]]]:
    """The statements for these campaigns (ids by kind), and their parameters.

    `looking_back`: what would have fired, also where it was known too late to do so. What fires, and was
    moved by late data to where it is not the account's own doing, does so no longer.
    """
    statements, params = [], {}
    for name, (kinds, statement, account, of_its_own) in zip(_NAMES, _STATEMENTS, strict=True):
        ids = [pk for kind in sorted(kinds) for pk in campaigns.get(kind, [])]
        if ids:
            fires = of_its_own if looking_back else f"fact.fires AND {of_its_own}"
            statements.append(statement.format(scope=scope.holds(account), fires=fires))
            params[name] = ids
    return statements, params
