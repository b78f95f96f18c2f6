"""Conditions over account facts that become true: one scan of the facts for all campaigns.

First the day itself is looked at; the days before it only of accounts and
campaigns for which it is true. Of each of these the days of the window are told as
bits, the day itself lowest. A trigger fires when the day is true and the run of true days that
it ends began within the window: then not all bits are set, and the lowest that
is not says how long the run is. A day without a row ends a run, as an untrue or
unknown one does.

A run is an episode, and a cause is named by which episode of the account it is for
the campaign: the first, the second. Its first day is no name, since late data moves
it: an episode found in two steps would have another one than the same found at once.
"""

from collections.abc import Sequence
from typing import Any

from accounts.conditions.rules.vocabulary import ROW
from accounts.milestones.matching import told_later
from accounts.usage.rules import CANCELLATION_NAMES
from rewards.campaigns.live import LiveCampaign
from rewards.campaigns.rules.standing import ONBOARDED
from rewards.campaigns.rules.trigger import TriggerKind
from rewards.campaigns.scope import Scope

# Bits of a bigint, without its sign.
LONGEST_WINDOW = 62

_CAUSES = {
    "": "'{kind}:' || episode.number",
    "renews_on": "coalesce('renewal:' || now.renews_on, '{kind}:' || episode.number)",
}

# An episode that was looked at and did not fit keeps its number when it is looked at again.
_EPISODE = """
SELECT coalesce((
    SELECT substring(known.cause_key FROM ':([0-9]+)$')::bigint FROM rewards_candidate AS known
    WHERE known.campaign_id = became.campaign_id AND known.account_id = became.account_id AND known.step = 1
      AND known.outcome = 'unfit' AND abs(known.caused_on - became.began_on) < campaign.cooldown_days
    ORDER BY known.id DESC LIMIT 1
), (
    SELECT count(*) + 1 FROM rewards_candidate AS known
    WHERE known.campaign_id = became.campaign_id AND known.account_id = became.account_id AND known.step = 1
)) AS number
"""

# The word of the product that began the run; billing's own word is no event.
_WORD_TO_LEAVE = """
|| CASE WHEN became.campaign_id = ANY (%(leaving)s) THEN coalesce((
    SELECT jsonb_build_object('event', word.name, 'at', word.occurred_at, 'message', word.message_id)
    FROM accounts_event AS word
    WHERE word.account_id = became.account_id AND word.name = ANY (%(words_to_leave)s)
      AND word.occurred_at >= became.began_on::timestamp AT TIME ZONE 'UTC'
      AND word.occurred_at < (became.began_on + 1)::timestamp AT TIME ZONE 'UTC'
    ORDER BY word.occurred_at, word.id LIMIT 1), '{}') ELSE '{}' END
"""

# An edit of a milestone brings earlier reaches with it: who is onboarded by one of them was not so when the run began.
_BY_ITS_TERMS = f"""
  AND NOT EXISTS (
    SELECT FROM accounts_milestone AS named
    JOIN accounts_milestonereach AS fact
      ON fact.milestone_id = named.id AND fact.account_id = became.account_id AND fact.withdrawn_at IS NULL
    WHERE became.campaign_id = ANY (%(onboarded)s) AND named.key = campaign.trigger_parameters ->> 'milestone'
      AND {told_later("became.began_on")})
"""


def became_true(campaigns: Sequence[LiveCampaign], scope: Scope) -> tuple[str, dict[str, Any]]:
    """The statement for campaigns with a condition, and its parameters.

    Rows as `dated` has them, and the last day of the run.
    """
    params: dict[str, Any] = {}
    asked = [(c.pk, c.condition.sql) for c in campaigns if c.condition]
    now = ", ".join(f"({sql}) IS TRUE AS t{pk}" for pk, sql in asked)
    days = ", ".join(
        f"bit_or(CASE WHEN today.t{pk} AND ({sql}) THEN 1::bigint << (%(day)s::date - {ROW}.day) ELSE 0 END) AS c{pk}"
        for pk, sql in asked
    )
    for campaign in campaigns:
        params |= campaign.condition.params if campaign.condition else {}
    leaving = [c.pk for c in campaigns if c.kind is TriggerKind.CANCELLATION_INTENT]
    if leaving:
        params |= {"leaving": leaving, "words_to_leave": list(CANCELLATION_NAMES)}
    onboarded = [c.pk for c in campaigns if c.campaign.trigger_parameters.get("onboarded") == ONBOARDED]
    if onboarded:
        params["onboarded"] = onboarded
    window = min(scope.window, LONGEST_WINDOW)
    bits = ", ".join(f"({c.pk}::bigint, c{c.pk})" for c in campaigns)
    causes = " ".join(f"WHEN {c.pk} THEN {_CAUSES[c.cause].format(kind=c.kind.value)}" for c in campaigns)
    statement = f"""
SELECT became.campaign_id, became.account_id, CASE became.campaign_id {causes} END, '', became.began_on, NULL::bigint,
       jsonb_build_object('fact', 'condition', 'on', became.began_on) {_WORD_TO_LEAVE if leaving else ""}, %(day)s::date
FROM (
    SELECT told.campaign_id, days.account_id,
           %(day)s::date - (bit_count(((~told.bits & (told.bits + 1)) - 1)::bit(64))::int - 1) AS began_on
    FROM (
        SELECT {ROW}.account_id, {days}
        FROM (
            SELECT {ROW}.account_id AS asked, {now} FROM accounts_accountfacts AS {ROW}
            WHERE {ROW}.day = %(day)s::date AND {scope.holds(f"{ROW}.account_id")} OFFSET 0
        ) AS today
        JOIN accounts_accountfacts AS {ROW} ON {ROW}.account_id = today.asked
        WHERE ({" OR ".join(f"today.t{pk}" for pk, _ in asked)})
          AND {ROW}.day BETWEEN %(day)s::date - {window} AND %(day)s::date AND {scope.holds(f"{ROW}.account_id")}
        GROUP BY {ROW}.account_id
    ) AS days
    CROSS JOIN LATERAL (VALUES {bits}) AS told (campaign_id, bits)
    WHERE told.bits & 1 = 1 AND told.bits <> (1::bigint << {window + 1}) - 1
) AS became
JOIN rewards_campaign AS campaign ON campaign.id = became.campaign_id
JOIN accounts_accountfacts AS now ON now.day = %(day)s::date AND now.account_id = became.account_id
CROSS JOIN LATERAL ({_EPISODE}) AS episode
WHERE became.began_on >= (campaign.live_since AT TIME ZONE 'UTC')::date {_BY_ITS_TERMS if onboarded else ""}
"""
    return statement, params
