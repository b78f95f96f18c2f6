"""The matches of one transaction, on a table of its own: what each becomes is worked out there, row by row none.

The table is temporary and empties itself at the end of the transaction. A row
whose outcome is null is still a candidate for an offer; `has_later` says that
later causes of its account and campaign were left for another look.
"""

from collections.abc import Sequence
from typing import Any

from django.db import connection

from rewards.campaigns.becoming import became_true
from rewards.campaigns.dated import dated_matches
from rewards.campaigns.live import LiveCampaign
from rewards.campaigns.opening import next_steps
from rewards.campaigns.rules.trigger import TriggerKind
from rewards.campaigns.scope import LOCK_OF_BUCKETS, Scope
from rewards.catalogue.value import DISCOUNT_EQUIVALENT, FACE_VALUE

TABLE = "campaign_hit"

# Nobody counts the rows of a temporary table by itself, and of few the planner's guess is as good.
WORTH_COUNTING = 100

_MAKE = f"""
CREATE TEMPORARY TABLE IF NOT EXISTS {TABLE} (
    n bigint PRIMARY KEY, campaign_id bigint NOT NULL, account_id bigint NOT NULL, step smallint NOT NULL,
    cause_key text NOT NULL, subject text NOT NULL, caused_on date NOT NULL, contact_id bigint, cause jsonb NOT NULL,
    facts_day date, reward_id bigint NOT NULL, face_value numeric, value numeric,
    outcome text, rule text NOT NULL DEFAULT '', reason text NOT NULL DEFAULT '',
    offer_id bigint, exceeded text NOT NULL DEFAULT '', rules bigint[] NOT NULL DEFAULT '{{}}',
    recipient_id bigint, informed_id bigint, has_later boolean NOT NULL
) ON COMMIT DELETE ROWS
"""

# Once within the quiet time of a campaign, in whichever order causes come to be known, and once in a run of true days.
# What did not fit by the facts of its moment is looked at again while it stands: other facts may have come since.
_FIND = f"""
INSERT INTO {TABLE} (n, campaign_id, account_id, step, cause_key, subject, caused_on, contact_id, cause, facts_day,
                     reward_id, face_value, value, has_later)
SELECT row_number() OVER (ORDER BY hit.campaign_id, hit.account_id, hit.caused_on, hit.cause_key, hit.step),
       hit.campaign_id, hit.account_id, hit.step, hit.cause_key, hit.subject, hit.caused_on, hit.contact_id, hit.cause,
       f.day, r.id, {FACE_VALUE}, {DISCOUNT_EQUIVALENT}, hit.causes > 1
FROM (
    SELECT * FROM (
        SELECT DISTINCT ON (match.campaign_id, match.account_id, match.subject)
               match.campaign_id, match.account_id, match.cause_key, match.subject, match.caused_on, match.contact_id,
               match.cause, 1 AS step,
               count(*) OVER (PARTITION BY match.campaign_id, match.account_id, match.subject) AS causes
        FROM ({{matches}}) AS match
        JOIN rewards_campaign AS campaign ON campaign.id = match.campaign_id
        WHERE NOT EXISTS (
            SELECT FROM rewards_candidate AS known
            WHERE known.campaign_id = match.campaign_id AND known.account_id = match.account_id AND known.step = 1
              AND (known.cause_key = match.cause_key OR (
                  known.subject = match.subject AND (
                      abs(known.caused_on - match.caused_on) < campaign.cooldown_days
                      OR known.caused_on BETWEEN match.caused_on AND match.stands_until)))
              AND NOT (%(looks_again)s AND known.outcome = 'unfit'))
          -- What somebody put aside stays aside, whatever else happens meanwhile.
          AND NOT EXISTS (
            SELECT FROM rewards_offer AS aside
            WHERE aside.campaign_id = match.campaign_id AND aside.account_id = match.account_id
              AND aside.state = 'in_approval' AND aside.snoozed_until > %(day)s::date)
        ORDER BY match.campaign_id, match.account_id, match.subject, match.caused_on, match.cause_key
    ) AS first
    UNION ALL
    ({{steps}})
) AS hit
JOIN rewards_campaignstep AS rung ON rung.campaign_id = hit.campaign_id AND rung.position = hit.step
JOIN rewards_reward AS r ON r.id = rung.reward_id AND r.status = 'live'
LEFT JOIN LATERAL (
    SELECT * FROM accounts_accountfacts AS latest
    WHERE latest.account_id = hit.account_id AND latest.day <= %(day)s::date ORDER BY latest.day DESC LIMIT 1
) AS f ON true
WHERE {{audience}}
"""

_NOTHING = "SELECT NULL::bigint, NULL::bigint, '', '', NULL::date, NULL::bigint, NULL::jsonb, NULL::date WHERE false"
COLUMNS = "campaign_id, account_id, cause_key, subject, caused_on, contact_id, cause"


def hold_accounts(scope: Scope) -> None:
    """Hold the accounts of the scope, so that nobody else evaluates them until the transaction ends."""
    with connection.cursor() as cursor:
        cursor.execute(
            f"SELECT pg_advisory_xact_lock({LOCK_OF_BUCKETS}, bucket) FROM unnest(%s::int[]) AS bucket",
            [[bucket % 2**31 for bucket in scope.buckets]],
        )


def find_hits(campaigns: Sequence[LiveCampaign], scope: Scope, *, looks_again: bool = True) -> int:
    """Find what set the campaigns off for accounts of the scope, which are held; returns how many rows there are.

    Triggers and audiences are looked at; causes that have their candidate, and those in a quiet time, are left out.
    With `looks_again` those whose candidate did not fit come once more.
    """
    statement, params = _statement(campaigns, scope)
    params["looks_again"] = looks_again
    with connection.cursor() as cursor:
        cursor.execute(_MAKE)
        cursor.execute(f"DELETE FROM {TABLE}")
        cursor.execute(statement, params)
        found = int(cursor.rowcount)
        if found >= WORTH_COUNTING:
            cursor.execute(f"ANALYZE {TABLE}")
        return found


def has_later() -> bool:
    """Whether later causes of what was found were left for another look."""
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT EXISTS (SELECT FROM {TABLE} WHERE has_later)")
        return bool(cursor.fetchone()[0])


def _statement(campaigns: Sequence[LiveCampaign], scope: Scope) -> tuple[str, dict[str, Any]]:
    by_kind: dict[TriggerKind, list[int]] = {}
    for campaign in campaigns:
        by_kind.setdefault(campaign.kind, []).append(campaign.pk)
    matches, dated = dated_matches(by_kind, scope)
    matches = [f"SELECT m.*, m.caused_on FROM ({match}) AS m ({COLUMNS})" for match in matches]
    params: dict[str, Any] = {**scope.params, **dated}
    if conditions := [campaign for campaign in campaigns if campaign.condition]:
        became, more = became_true(conditions, scope)
        matches.append(became)
        params |= more
    steps, more = next_steps(campaigns, scope)
    params |= more
    asked = [campaign for campaign in campaigns if campaign.audience]
    cases = []
    for campaign in asked:
        if campaign.audience:
            cases.append(f"WHEN {campaign.pk} THEN ({campaign.audience.sql}) IS TRUE")
            params |= campaign.audience.params
    audience = f"CASE hit.campaign_id {' '.join(cases)} ELSE true END" if cases else "true"
    matches = matches or [_NOTHING]
    named = [f"SELECT * FROM ({match}) AS m ({COLUMNS}, stands_until)" for match in matches]
    return _FIND.format(matches=" UNION ALL ".join(named), steps=steps, audience=audience), params
