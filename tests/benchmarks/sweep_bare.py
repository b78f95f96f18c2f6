"""The bare peer of the sweep: for each campaign one INSERT … SELECT into a table like that of offers.

It finds the same matches by the same predicates: the trigger's condition true
today and not on some day of the last seven (dated facts: the rows since the
campaign runs), and the audience. It fills every column of an offer, the facts of
the day as its evidence and the digest of its terms among them, with the indexes
and foreign keys of offers. It knows nothing of what was proposed before, of quiet
times, contract fit, lots, limits, supply, caps, recipients, approval steps, audit
and candidates, and it takes no ranges: each campaign is one statement.
"""

import hashlib
import time
from datetime import datetime
from typing import Any

import psycopg

from rewards.campaigns.live import LiveCampaign, live_campaigns
from rewards.catalogue.value import DISCOUNT_EQUIVALENT, FACE_VALUE
from tests.benchmarks import stage

TABLE = """
DROP TABLE IF EXISTS bare_offer;
CREATE TABLE bare_offer (LIKE rewards_offer INCLUDING ALL);
ALTER TABLE bare_offer
    ADD FOREIGN KEY (account_id) REFERENCES accounts_account DEFERRABLE INITIALLY DEFERRED,
    ADD FOREIGN KEY (contact_id) REFERENCES accounts_contact DEFERRABLE INITIALLY DEFERRED,
    ADD FOREIGN KEY (informed_id) REFERENCES accounts_contact DEFERRABLE INITIALLY DEFERRED,
    ADD FOREIGN KEY (campaign_id) REFERENCES rewards_campaign DEFERRABLE INITIALLY DEFERRED,
    ADD FOREIGN KEY (reward_id) REFERENCES rewards_reward DEFERRABLE INITIALLY DEFERRED;
"""

_INSERT = f"""
INSERT INTO bare_offer (
    account_id, campaign_id, campaign_version, cause_key, step, reward_id, reward_name, face_value,
    discount_equivalent, currency, validity_days, evidence, digest, state, awaits, exceeded_caps, due_at,
    proposed_at, has_standing_approval)
SELECT f.account_id, campaign.id, campaign.version, f.cause_key, 1, r.id, r.name, {FACE_VALUE}, {DISCOUNT_EQUIVALENT},
       r.currency, r.validity_days,
       jsonb_build_object('day', f.day, 'facts', jsonb_strip_nulls(
           to_jsonb(f) - ARRAY['day', 'account_id', 'refreshed_at', 'asked', 'cause_key'])),
       offer_digest(f.account_id, campaign.id, campaign.version, f.cause_key, 1, r.id, r.name, {FACE_VALUE},
                    {DISCOUNT_EQUIVALENT}, r.currency, r.validity_days),
       'in_approval', ARRAY[campaign.owner_function], '', %(now)s, %(now)s, false
FROM ({{matches}}) AS f
JOIN rewards_campaign AS campaign ON campaign.id = %(campaign)s
JOIN rewards_campaignstep AS rung ON rung.campaign_id = campaign.id AND rung.position = 1
JOIN rewards_reward AS r ON r.id = rung.reward_id
"""

_BECAME_TRUE = """
SELECT f.*, '{kind}:' || began.day AS cause_key
FROM (
    SELECT f.*, f.account_id AS asked FROM accounts_accountfacts AS f
    WHERE f.day = %(day)s AND ({condition}) AND ({audience})
) AS f CROSS JOIN LATERAL (
    SELECT max(days.day::date) + 1 AS day
    FROM generate_series(%(day)s::date - 7, %(day)s::date - 1, interval '1 day') AS days (day)
    LEFT JOIN accounts_accountfacts AS f ON f.day = days.day AND f.account_id = asked
    WHERE ({condition}) IS NOT TRUE
) AS began
WHERE began.day >= %(since)s::date
"""

_DATED = {
    "milestone": """
        SELECT account_id, (reached_at AT TIME ZONE 'UTC')::date AS day FROM accounts_milestonereach AS fact
        JOIN accounts_milestone AS named ON named.id = fact.milestone_id AND named.key = %(object)s
        WHERE fact.fires AND reached_at >= %(since)s AND reached_at <= %(now)s""",
    "segment": """
        SELECT account_id, day FROM accounts_segmentmove AS fact
        JOIN accounts_segment AS named ON named.id = fact.segment_id AND named.key = %(object)s
        WHERE fact.entered AND fact.fires AND fact.withdrawn_at IS NULL AND day >= %(since)s::date""",
    "tier": """
        SELECT account_id, day FROM accounts_tiermove AS fact
        WHERE fact.is_up AND fact.fires AND fact.withdrawn_at IS NULL AND day >= %(since)s::date""",
}
_HAPPENED = """
SELECT f.*, '{kind}:' || fact.day AS cause_key
FROM ({fact}) AS fact JOIN accounts_accountfacts AS f ON f.day = %(day)s AND f.account_id = fact.account_id
WHERE {audience}
"""


def insert_bare(now: datetime) -> float:
    """Seconds that the statements take, one after the other, each committed."""
    with stage.owner() as line:
        line.execute(TABLE)
        line.execute("CHECKPOINT")
        statements = [_statement(campaign, now) for campaign in live_campaigns(now=now)]
        began = time.perf_counter()
        with psycopg.ClientCursor(line) as cursor:
            for text, values in statements:
                cursor.execute(text, values)
        return time.perf_counter() - began


def _statement(campaign: LiveCampaign, now: datetime) -> tuple[Any, dict[str, Any]]:
    row = campaign.campaign
    values: dict[str, Any] = {"now": now, "day": now.date(), "since": row.live_since, "campaign": row.pk}
    audience = campaign.audience.sql if campaign.audience else "true"
    values |= campaign.audience.params if campaign.audience else {}
    if campaign.condition:
        values |= campaign.condition.params
        matches = _BECAME_TRUE.format(kind=row.trigger_kind, condition=campaign.condition.sql, audience=audience)
    else:
        values["object"] = row.trigger_parameters.get(row.trigger_kind)
        matches = _HAPPENED.format(kind=row.trigger_kind, fact=_DATED[row.trigger_kind], audience=audience)
    return _INSERT.format(matches=matches), values


def checksum(table: str) -> tuple[int, str]:
    """How many matches a table of candidates or bare offers has, and a digest of who matched what since which day."""
    caused_on = "right(cause_key, 10)::date" if table == "bare_offer" else "caused_on"
    known = "true" if table == "bare_offer" else "at >= now() - interval '1 day'"
    with stage.owner() as line:
        rows = line.execute(
            f"SELECT campaign.key, account_id, ({caused_on})::text FROM {table}"
            f" JOIN rewards_campaign AS campaign ON campaign.id = campaign_id WHERE {known}"
        ).fetchall()
    return len(rows), digest(rows)


def digest(rows: list[Any]) -> str:
    """A digest of (campaign, account, day) in any order."""
    lines = sorted(f"{campaign}:{account}:{day}" for campaign, account, day in rows)
    return hashlib.sha256("\n".join(lines).encode()).hexdigest()[:16]
