"""What keeps a match from becoming an offer, in the fixed order: contract fit, holdout, limits, supply, caps.

Each step gives an outcome, with the reason in words, to the rows that still have
none; nothing is looked at row by row here.
"""

import json
from collections.abc import Sequence
from datetime import datetime

from django.db import connection

from loyalty.core.money import POINTS
from rewards.campaigns.hits import TABLE
from rewards.campaigns.live import LiveCampaign
from rewards.catalogue.supply import supply_left
from rewards.fit.models import FitRule
from rewards.fit.statement import FAILED
from rewards.holdouts.assigning import assign

# Two workers must not both take the last place under a campaign's limit. Two-argument advisory locks: 7205, campaign.
LOCK_OF_LIMITS = 7205
LOCK_OF_CAPS = 7201

_UNKNOWN_VALUE = f"""
UPDATE {TABLE} AS hit SET outcome = 'unfit', rule = 'unknown_value',
       reason = CASE r.currency
           WHEN '{POINTS}' THEN 'What points are worth is not known: Finance has decided no rate of them yet.'
           ELSE 'What this reward is worth to the account is not known: its own money is not.' END
FROM rewards_reward AS r
WHERE hit.outcome IS NULL AND hit.value IS NULL AND r.id = hit.reward_id
"""

_WORTHLESS = f"""
UPDATE {TABLE} AS hit SET outcome = 'unfit', rule = 'worth_nothing',
       reason = 'As a share of the account''s own money this credit comes to nothing.'
FROM rewards_reward AS r
WHERE hit.outcome IS NULL AND r.id = hit.reward_id AND r.is_credit AND hit.face_value <= 0
"""

_UNFIT = f"""
WITH asked AS (
    SELECT n AS candidate_id, account_id, reward_id, value FROM {TABLE} WHERE outcome IS NULL
), facts AS (
    SELECT DISTINCT ON (f.account_id) f.* FROM {TABLE} AS hit
    JOIN accounts_accountfacts AS f ON f.day = hit.facts_day AND f.account_id = hit.account_id
    WHERE hit.outcome IS NULL
)
UPDATE {TABLE} AS hit SET outcome = 'unfit', rule = 'fit:' || failed.rule_id,
       reason = left(%(rules)s::jsonb ->> failed.rule_id::text, 300)
FROM ({FAILED}) AS failed WHERE hit.n = failed.candidate_id
"""

_HELD_OUT = f"""
UPDATE {TABLE} AS hit SET outcome = 'held_out', reason = 'Held out by lot, so that the lift can be measured.'
FROM rewards_holdoutassignment AS lot
WHERE hit.outcome IS NULL AND lot.campaign_id = hit.campaign_id AND lot.account_id = hit.account_id AND lot.is_held_out
"""

_OVER_LIMIT = f"""
WITH limits AS (
    SELECT told.campaign_id, told.most, told.most - (
        SELECT count(DISTINCT known.account_id) FROM rewards_candidate AS known
        WHERE known.campaign_id = told.campaign_id AND known.outcome = 'proposed') AS free
    FROM unnest(%(campaigns)s::bigint[], %(limits)s::int[]) AS told (campaign_id, most)
), newcomers AS (
    SELECT hit.n, limits.most, limits.free,
           dense_rank() OVER (PARTITION BY hit.campaign_id ORDER BY hit.account_id) AS place
    FROM {TABLE} AS hit JOIN limits ON limits.campaign_id = hit.campaign_id
    WHERE hit.outcome IS NULL AND NOT EXISTS (
        SELECT FROM rewards_candidate AS known WHERE known.campaign_id = hit.campaign_id
        AND known.account_id = hit.account_id AND known.outcome = 'proposed')
)
UPDATE {TABLE} AS hit SET outcome = 'capped', rule = 'most_accounts',
       reason = format('The campaign makes offers to at most %%s accounts.', newcomers.most)
FROM newcomers WHERE newcomers.n = hit.n AND newcomers.place > newcomers.free
"""

_OUT_OF_SUPPLY = f"""
WITH asking AS (
    SELECT hit.n, r.name, told.left_over, row_number() OVER (PARTITION BY hit.reward_id ORDER BY hit.n) AS place
    FROM {TABLE} AS hit
    JOIN unnest(%(rewards)s::bigint[], %(left)s::int[]) AS told (reward_id, left_over) ON told.reward_id = hit.reward_id
    JOIN rewards_reward AS r ON r.id = hit.reward_id
    WHERE hit.outcome IS NULL
)
UPDATE {TABLE} AS hit SET outcome = 'capped', rule = 'supply',
       reason = left(format('The supply of “%%s” is used up.', asking.name), 300)
FROM asking WHERE asking.n = hit.n AND asking.place > asking.left_over
"""

_NUMBER = f"""
UPDATE {TABLE} SET offer_id = nextval(pg_get_serial_sequence('rewards_offer', 'id')) WHERE outcome IS NULL
"""

_RESERVE = f"""
WITH asking AS (
    SELECT hit.n, hit.offer_id, hit.account_id, hit.value,
           jsonb_build_object(
               'campaign_id', hit.campaign_id, 'function', campaign.owner_function, 'reward_kind', r.kind,
               'reward_id', r.id, 'is_by_hand', r.delivery = 'by_hand', 'tier', asker.tier, 'segment', asker.segment,
               'term_starts_on', asker.term_starts_on, 'term_ends_on', asker.term_ends_on,
               'day', (%(now)s AT TIME ZONE 'UTC')::date) AS facts
    FROM {TABLE} AS hit
    JOIN rewards_campaign AS campaign ON campaign.id = hit.campaign_id
    JOIN rewards_reward AS r ON r.id = hit.reward_id
    CROSS JOIN (SELECT EXISTS (
        SELECT FROM rewards_cap WHERE is_active AND (scope IN ('tier', 'segment') OR period = 'contract_term')
    ) AS are_needed) AS facts
    CROSS JOIN LATERAL cap_asker(hit.account_id, (%(now)s AT TIME ZONE 'UTC')::date, facts.are_needed) AS asker
    WHERE hit.outcome IS NULL
), numbered AS (
    SELECT asking.*, (dense_rank() OVER (ORDER BY asking.facts))::integer AS fact FROM asking
), asked AS (
    SELECT (SELECT jsonb_agg(told.facts ORDER BY told.fact)
            FROM (SELECT DISTINCT numbered.fact, numbered.facts FROM numbered) AS told) AS facts,
           array_agg(numbered.fact ORDER BY numbered.n) AS of_facts,
           array_agg(numbered.offer_id ORDER BY numbered.n) AS offers,
           array_agg(numbered.account_id ORDER BY numbered.n) AS accounts,
           array_agg(numbered.value ORDER BY numbered.n) AS amounts
    FROM numbered
)
UPDATE {TABLE} AS hit SET
    outcome = CASE WHEN NOT room.is_admitted THEN 'capped' END,
    rule = CASE WHEN room.is_admitted THEN '' ELSE 'cap:' || room.refused_by END,
    reason = CASE WHEN room.is_admitted THEN '' ELSE left(cap_refusal(
        room.refused_by, room.refused_measure, room.refused_limit, room.refused_room, hit.value,
        room.refused_until), 300) END,
    offer_id = CASE WHEN room.is_admitted THEN hit.offer_id END,
    exceeded = coalesce(room.exceeded, '')
FROM asked, caps_reserve(asked.facts, asked.of_facts, asked.offers, asked.accounts, asked.amounts) AS room
WHERE asked.offers IS NOT NULL AND hit.offer_id = room.offer
"""


def weigh(campaigns: Sequence[LiveCampaign], now: datetime) -> None:
    """Take the matches through all steps; rows without an outcome afterwards become offers, with the id they carry."""
    with connection.cursor() as cursor:
        cursor.execute(_UNKNOWN_VALUE)
        cursor.execute(_WORTHLESS)
        rules = {str(rule.pk): str(rule) for rule in FitRule.objects.filter(is_active=True)}
        if rules:
            cursor.execute(_UNFIT, {"rules": json.dumps(rules)})
    assign(f"(SELECT campaign_id, account_id FROM {TABLE} WHERE outcome IS NULL)")
    with connection.cursor() as cursor:
        cursor.execute(_HELD_OUT)
    _limit(campaigns)
    _supply()
    with connection.cursor() as cursor:
        cursor.execute(_NUMBER)
        # Held before looking whether there is a cap at all: whoever makes one waits, and counts these offers in.
        cursor.execute(f"SELECT pg_advisory_xact_lock_shared({LOCK_OF_CAPS})")
        cursor.execute("SELECT EXISTS (SELECT FROM rewards_cap WHERE is_active)")
        if cursor.fetchone()[0]:
            cursor.execute(_RESERVE, {"now": now})


def _limit(campaigns: Sequence[LiveCampaign]) -> None:
    limited = [campaign for campaign in campaigns if campaign.most_accounts is not None]
    if not limited:
        return
    with connection.cursor() as cursor:
        for campaign in limited:
            cursor.execute(f"SELECT pg_advisory_xact_lock({LOCK_OF_LIMITS}, %s)", [campaign.pk])
        cursor.execute(
            _OVER_LIMIT, {"campaigns": [c.pk for c in limited], "limits": [c.most_accounts for c in limited]}
        )


def _supply() -> None:
    with connection.cursor() as cursor:
        cursor.execute(
            f"SELECT DISTINCT hit.reward_id FROM {TABLE} AS hit JOIN rewards_reward AS r ON r.id = hit.reward_id"
            " WHERE hit.outcome IS NULL AND r.supply_limit IS NOT NULL"
        )
        rewards = [reward for (reward,) in cursor.fetchall()]
        if rewards:
            left = supply_left(rewards)
            cursor.execute(_OUT_OF_SUPPLY, {"rewards": list(left), "left": list(left.values())})
