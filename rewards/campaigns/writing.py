"""From weighed matches to offers, with recipients, approval steps, evidence, audit lines and candidates: set by set.

Evidence is stored as data (what set it off, the facts of the day, the versions);
`rewards.offers.evidence` puts it into words. The digest of the terms is the one
of `rewards.offers.terms`, made by the database.
"""

import json
from collections.abc import Sequence
from dataclasses import asdict
from datetime import datetime
from typing import Any

from django.conf import settings
from django.db import connection

from accounts.privacy.standing import consents_in_sql
from loyalty.core.audit.rules import AuditVerb
from loyalty.core.audit.verbs import THE_PROGRAMME
from loyalty.core.people.rules import Function
from rewards.approvals.required.models import ApprovalRule
from rewards.approvals.required.statement import MEETS
from rewards.approvals.rules import VALUE, open_now, required_steps
from rewards.approvals.timing import approval_settings, due_at
from rewards.campaigns.ending import STANDING
from rewards.campaigns.hits import TABLE
from rewards.campaigns.live import LiveCampaign
from rewards.catalogue.value import EQUIVALENT_IN
from rewards.offers.granting import grant_under_standing_approval
from rewards.offers.ranking import stake_in_sql

# Locked before their consent is read: whoever withdraws meanwhile comes before this reading, or after the
# offer and takes their name off it.
_LOCK_CONTACTS = f"""
SELECT count(*) FROM (
SELECT contact.id FROM accounts_contact AS contact
WHERE contact.id IN (
    SELECT person.id FROM accounts_contact AS person
    JOIN {TABLE} AS hit ON hit.account_id = person.account_id AND hit.outcome IS NULL
    WHERE person.role IN ('champion', 'economic_buyer')
    UNION
    SELECT contact_id FROM {TABLE} WHERE outcome IS NULL)
ORDER BY contact.id FOR NO KEY UPDATE) AS locked
"""

# Of each role the consenting contact with the lowest id; a quiz is rewarded where it was answered.
_ADDRESS = f"""
WITH willing AS (
    SELECT contact.account_id, min(contact.id) FILTER (WHERE contact.role = 'champion') AS champion,
           min(contact.id) FILTER (WHERE contact.role = 'economic_buyer') AS buyer
    FROM accounts_contact AS contact
    WHERE contact.role IN ('champion', 'economic_buyer')
      AND contact.account_id IN (SELECT account_id FROM {TABLE} WHERE outcome IS NULL)
      AND {consents_in_sql("contact.id")}
    GROUP BY contact.account_id
)
UPDATE {TABLE} AS hit SET
    recipient_id = CASE WHEN hit.contact_id IS NOT NULL THEN
                        CASE WHEN {consents_in_sql("hit.contact_id")} THEN hit.contact_id END
                   WHEN campaign.recipient = 'champion' THEN willing.champion ELSE willing.buyer END,
    informed_id = CASE WHEN hit.contact_id IS NOT NULL THEN nullif(willing.champion, hit.contact_id)
                  WHEN campaign.recipient = 'champion' THEN willing.buyer ELSE willing.champion END
FROM rewards_campaign AS campaign, (SELECT DISTINCT account_id FROM {TABLE}) AS asked
LEFT JOIN willing ON willing.account_id = asked.account_id
WHERE hit.outcome IS NULL AND campaign.id = hit.campaign_id AND asked.account_id = hit.account_id
"""

# The rules of approval that each match meets.
_RULES = f"""
WITH asked AS (
    SELECT hit.n, hit.reward_id, hit.value, hit.exceeded, f.plan_segment, NOT EXISTS (
               SELECT FROM rewards_grant AS given JOIN rewards_offer AS other ON other.id = given.offer_id
               WHERE other.campaign_id = hit.campaign_id) AS is_first
    FROM {TABLE} AS hit
    LEFT JOIN accounts_accountfacts AS f ON f.day = hit.facts_day AND f.account_id = hit.account_id
    WHERE hit.outcome IS NULL
)
UPDATE {TABLE} AS hit SET rules = met.rules
FROM (
    SELECT asked.n, array_agg(rule.id ORDER BY rule.id) AS rules
    FROM asked JOIN rewards_reward AS r ON r.id = asked.reward_id
    JOIN rewards_approvalrule AS rule ON rule.is_active AND {MEETS}
    GROUP BY asked.n
) AS met
WHERE met.n = hit.n
"""

# Which approvals are needed depends on these three alone.
_SORTS = f"SELECT DISTINCT hit.campaign_id, hit.rules, hit.exceeded FROM {TABLE} AS hit WHERE hit.outcome IS NULL"

_AT_STAKE, _STAKE = stake_in_sql("%(now)s AT TIME ZONE 'UTC'")

# An approval is of a version and of what it gives: what was edited since has none until all three approve it
# anew. Whatever a rule of approval asks a function to look at is left to it, and a soft cap is passed by Finance alone.
_OFFERS = f"""
WITH signed AS ({STANDING})
INSERT INTO rewards_offer (
    id, account_id, contact_id, informed_id, campaign_id, campaign_version, cause_key, step, reward_id, reward_name,
    face_value, discount_equivalent, currency, validity_days, evidence, digest, state, awaits, exceeded_caps, due_at,
    proposed_at, has_standing_approval, at_stake, stake, assigned_to_id, answer_days)
SELECT hit.offer_id, hit.account_id, hit.recipient_id, hit.informed_id, campaign.id, campaign.version, hit.cause_key,
       hit.step, r.id, r.name, hit.face_value, hit.value, r.currency, r.validity_days,
       told.value || jsonb_build_object(
           'step', hit.step, 'cause', hit.cause, 'day', hit.facts_day, 'addressed', hit.recipient_id IS NOT NULL,
           'facts', jsonb_strip_nulls(to_jsonb(f) - ARRAY['day', 'account_id', 'refreshed_at'])),
       offer_digest(hit.account_id, campaign.id, campaign.version, hit.cause_key, hit.step, r.id, r.name,
                    hit.face_value, hit.value, r.currency, r.validity_days),
       'in_approval', sort.awaits, left(hit.exceeded, 300), %(due_at)s, %(now)s,
       signed.campaign_id IS NOT NULL AND hit.rules = '{{}}' AND hit.exceeded = '', {_AT_STAKE}, {_STAKE},
       account.cs_manager_id, rung.answer_days
FROM {TABLE} AS hit
JOIN rewards_campaign AS campaign ON campaign.id = hit.campaign_id
JOIN rewards_campaignstep AS rung ON rung.campaign_id = hit.campaign_id AND rung.position = hit.step
JOIN rewards_reward AS r ON r.id = hit.reward_id
JOIN jsonb_each(%(told)s::jsonb) AS told ON told.key = hit.campaign_id::text
JOIN jsonb_to_recordset(%(sorts)s::jsonb)
     AS sort (campaign_id bigint, rules bigint[], exceeded text, awaits text[])
  ON sort.campaign_id = hit.campaign_id AND sort.rules = hit.rules AND sort.exceeded = hit.exceeded
JOIN accounts_account AS account ON account.id = hit.account_id
LEFT JOIN signed ON signed.campaign_id = campaign.id
LEFT JOIN accounts_accountfacts AS f ON f.day = hit.facts_day AND f.account_id = hit.account_id
WHERE hit.outcome IS NULL
ORDER BY hit.n
"""

_STEPS = f"""
INSERT INTO rewards_approvalstep (offer_id, function, position, why, state, due_at, digest, note)
SELECT hit.offer_id, step.function, step.position,
       left(replace(step.why, '{VALUE}', money_text(hit.value, {EQUIVALENT_IN})), 300), 'waiting', %(due_at)s, '', ''
FROM {TABLE} AS hit
JOIN rewards_offer AS offer ON offer.id = hit.offer_id AND NOT offer.has_standing_approval
JOIN rewards_reward AS r ON r.id = hit.reward_id
JOIN jsonb_to_recordset(%(sorts)s::jsonb)
     AS sort (campaign_id bigint, rules bigint[], exceeded text, steps jsonb)
  ON sort.campaign_id = hit.campaign_id AND sort.rules = hit.rules AND sort.exceeded = hit.exceeded
CROSS JOIN LATERAL jsonb_to_recordset(sort.steps) AS step (function text, position int, why text)
WHERE hit.outcome IS NULL
ORDER BY hit.n, step.position
"""

_AUDIT = f"""
INSERT INTO core_auditline (at, actor_name, verb, object_type, object_id, object_label, after, reason)
SELECT %(now)s, '{THE_PROGRAMME}', '{AuditVerb.OFFER_PROPOSED.value}', 'offer', offer.id::text,
       left(offer.reward_name || ' for ' || account.name, 300),
       jsonb_build_object('value', money_text(offer.discount_equivalent, {EQUIVALENT_IN}), 'terms', offer.digest),
       format('%%s: %%s, %%s', told.campaign, told.trigger, to_char(hit.caused_on, 'FMDD Mon YYYY'))
FROM {TABLE} AS hit
JOIN (
    SELECT key::bigint AS campaign_id, value ->> 'campaign' AS campaign,
           lower(left(value ->> 'trigger', 1)) || substr(value ->> 'trigger', 2) AS trigger
    FROM jsonb_each(%(told)s::jsonb) OFFSET 0
) AS told ON told.campaign_id = hit.campaign_id
JOIN rewards_offer AS offer ON offer.id = hit.offer_id
JOIN rewards_reward AS r ON r.id = hit.reward_id
JOIN accounts_account AS account ON account.id = hit.account_id
WHERE hit.outcome IS NULL
ORDER BY hit.n
"""

_CANDIDATES = f"""
INSERT INTO rewards_candidate (campaign_id, account_id, cause_key, step, subject, caused_on, campaign_version, outcome,
                               rule, reason, offer_id, at)
SELECT hit.campaign_id, hit.account_id, hit.cause_key, hit.step, hit.subject, hit.caused_on, campaign.version,
       coalesce(hit.outcome, 'proposed'), hit.rule, hit.reason, CASE WHEN hit.outcome IS NULL THEN hit.offer_id END,
       %(now)s
FROM {TABLE} AS hit JOIN rewards_campaign AS campaign ON campaign.id = hit.campaign_id
ORDER BY hit.n
ON CONFLICT (campaign_id, account_id, cause_key, step) DO UPDATE SET
    caused_on = excluded.caused_on, campaign_version = excluded.campaign_version, outcome = excluded.outcome,
    rule = excluded.rule, reason = excluded.reason, offer_id = excluded.offer_id, at = excluded.at
"""

_AS_BEFORE = f"""
DELETE FROM {TABLE} AS hit USING rewards_candidate AS known
WHERE hit.outcome = 'unfit' AND known.campaign_id = hit.campaign_id AND known.account_id = hit.account_id
  AND known.cause_key = hit.cause_key AND known.step = hit.step
"""

_STANDING = f"""
SELECT offer.id FROM {TABLE} AS hit JOIN rewards_offer AS offer ON offer.id = hit.offer_id
WHERE hit.outcome IS NULL AND offer.has_standing_approval ORDER BY offer.id
"""


def write_offers(campaigns: Sequence[LiveCampaign], now: datetime) -> None:
    """Write the candidates of all matches, and the offers of those that nothing kept back.

    A match that still does not fit stays as it is known. What a standing approval covers is granted at once.
    """
    params: dict[str, Any] = {
        "now": now,
        "due_at": due_at(now, approval_settings().due_working_days),
        "told": json.dumps({str(campaign.pk): campaign.told for campaign in campaigns}),
    }
    with connection.cursor() as cursor:
        cursor.execute(_AS_BEFORE)
        cursor.execute(_LOCK_CONTACTS)
        cursor.execute(_ADDRESS)
        cursor.execute(_RULES)
        cursor.execute(_SORTS)
        params["sorts"] = json.dumps(_sorts(campaigns, cursor.fetchall()))
        for statement in (_OFFERS, _STEPS, _AUDIT, _CANDIDATES):
            cursor.execute(statement, params)
        cursor.execute(_STANDING)
        standing = [offer for (offer,) in cursor.fetchall()]
    grant_under_standing_approval(standing, now=now)


def _sorts(campaigns: Sequence[LiveCampaign], rows: Sequence[tuple[int, list[int], str]]) -> list[dict[str, Any]]:
    """The approval steps of each sort of offer, worked out by the rules once."""
    by_id = {campaign.pk: campaign.campaign for campaign in campaigns}
    terms = {rule.pk: rule.terms for rule in ApprovalRule.objects.all()}
    told = []
    for campaign_id, rules, exceeded in rows:
        campaign = by_id[campaign_id]
        steps = required_steps(
            Function(campaign.owner_function),
            campaign.name,
            [terms[rule] for rule in rules],
            value=VALUE,
            currency=settings.REPORTING_CURRENCY,
            exceeded=exceeded,
        )
        told.append(
            {
                "campaign_id": campaign_id,
                "rules": rules,
                "exceeded": exceeded,
                "awaits": open_now([(step.position, step.function.value) for step in steps]),
                "steps": [asdict(step) for step in steps],
            }
        )
    return told
