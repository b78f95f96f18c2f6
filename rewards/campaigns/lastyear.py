"""What would have set a campaign off over last year, by the very triggers and audiences that run live.

Terms are measured as they are written, without being saved: the statements of
`dated` read a relation of drafts under the name of the table of campaigns.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from django.db import connection
from django.utils import timezone

from accounts.conditions.rules.predicate import predicate
from accounts.conditions.rules.tree import Node
from accounts.conditions.rules.vocabulary import ROW, Vocabulary
from rewards.campaigns.dated import dated_matches
from rewards.campaigns.hits import COLUMNS
from rewards.campaigns.rules.terms import audience_of, condition_of
from rewards.campaigns.rules.trigger import Condition, TriggerKind
from rewards.campaigns.rules.triggers import TRIGGERS
from rewards.campaigns.scope import Scope
from rewards.catalogue.value import DISCOUNT_EQUIVALENT

MEASURED_DAYS = 365
EVERY_ID = 2**62

# A run of true days that began in the year. Only the days that are true are looked at further.
_BECAME = f"""
SELECT {{number}}::bigint, hit.account_id, {{cause}}, '', hit.began_on, NULL::bigint, NULL::jsonb
FROM (
    SELECT {ROW}.account_id, {ROW}.day AS began_on, {ROW}.renews_on,
           lag({ROW}.day) OVER (PARTITION BY {ROW}.account_id ORDER BY {ROW}.day) AS day_before
    FROM accounts_accountfacts AS {ROW}
    WHERE {ROW}.day BETWEEN %(first_day)s::date - 1 AND %(day)s AND {ROW}.account_id %% %(stride)s = 0
      AND ({{condition}}) IS TRUE
) AS hit
WHERE hit.began_on >= %(first_day)s AND hit.day_before IS DISTINCT FROM hit.began_on - 1
"""

# Two runs of true days before one renewal are one cause; of any other condition each run is.
_RENEWAL = "'renewal:' || coalesce(hit.renews_on, hit.began_on)"

# One row a cause; as in the evaluation the facts are those of the day, or the latest before.
_CAUSES = f"""
WITH rewards_campaign AS (
    SELECT * FROM jsonb_to_recordset(%(drafts)s::jsonb)
        AS draft (id bigint, trigger_kind text, trigger_parameters jsonb, live_since timestamptz, reward text)
)
SELECT DISTINCT ON (match.campaign_id, match.account_id, match.subject, match.cause_key)
       match.campaign_id, match.account_id, match.subject, match.caused_on, {DISCOUNT_EQUIVALENT}, {{audience}},
       coalesce((SELECT {{audience}} FROM accounts_accountfacts AS {ROW}
                 WHERE {ROW}.account_id = match.account_id AND {ROW}.day = %(day)s), false)
FROM ({{matches}}) AS match
JOIN rewards_campaign AS campaign ON campaign.id = match.campaign_id
JOIN rewards_reward AS r ON r.key = campaign.reward
LEFT JOIN LATERAL (
    SELECT * FROM accounts_accountfacts AS latest
    WHERE latest.account_id = match.account_id AND latest.day <= match.caused_on ORDER BY latest.day DESC LIMIT 1
) AS {ROW} ON true
ORDER BY match.campaign_id, match.account_id, match.subject, match.cause_key, match.caused_on
"""


@dataclass(frozen=True)
class YearCause:
    """A cause of the year. `value` is the first reward's discount-equivalent then, None where it is not known.

    `was_of_audience` on the day of the cause, `is_of_audience` on the latest day with facts.
    """

    account_id: int
    subject: str
    caused_on: date
    value: Decimal | None
    was_of_audience: bool
    is_of_audience: bool


@dataclass(frozen=True)
class Draft:
    """Terms to be measured, with their rules read; `condition` is None for dated facts."""

    kind: TriggerKind
    parameters: Mapping[str, Any]
    condition: Node | None
    audience: Node
    cooldown_days: int
    reward: str


def draft_of(values: Mapping[str, Any], words: Vocabulary) -> Draft:
    """The terms of a campaign, complete and valid, as something to measure. Raises BadRule."""
    trigger = dict(values["trigger"])
    return Draft(
        kind=TriggerKind(trigger.pop("kind")),
        parameters=trigger,
        condition=condition_of(values["trigger"]),
        audience=audience_of(values["audience"], words),
        cooldown_days=values["cooldown_days"],
        reward=values["ladder"][0]["reward"],
    )


def causes_of_last_year(drafts: Sequence[Draft], words: Vocabulary, day: date, stride: int) -> list[list[YearCause]]:
    """The causes of each draft in the MEASURED_DAYS days up to `day` (UTC), without regard to quiet times.

    Of conditions every `stride`-th account is looked at, of dated facts all.
    """
    now, first = timezone.now(), day - timedelta(days=MEASURED_DAYS - 1)
    scope = Scope(day=day, now=now, last=EVERY_ID)
    params: dict[str, Any] = {**scope.params, "waits_from": now - timedelta(days=MEASURED_DAYS)}
    params |= {"first_day": first, "stride": stride, "drafts": _written(drafts, params["waits_from"].isoformat())}
    by_kind: dict[TriggerKind, list[int]] = {}
    matches, audiences = [], []
    for number, draft in enumerate(drafts):
        audience = predicate(draft.audience, words, f"a{number}_")
        audiences.append(f"WHEN {number} THEN ({audience.sql}) IS TRUE")
        params |= audience.params
        if draft.condition is None:
            by_kind.setdefault(draft.kind, []).append(number)
            continue
        rule, known = predicate(draft.condition, words, f"t{number}_"), TRIGGERS[draft.kind]
        is_renewal = isinstance(known, Condition) and known.cause == "renews_on"
        cause = _RENEWAL if is_renewal else f"'{draft.kind.value}:' || hit.began_on"
        matches.append(_BECAME.format(number=number, cause=cause, condition=rule.sql))
        params |= rule.params
    dated, ids = dated_matches(by_kind, scope, looking_back=True)
    named = " UNION ALL ".join(f"SELECT * FROM ({match}) AS m ({COLUMNS})" for match in matches + dated)
    statement = _CAUSES.format(matches=named, audience=f"(CASE match.campaign_id {' '.join(audiences)} END)")
    found: list[list[YearCause]] = [[] for _ in drafts]
    with connection.cursor() as cursor:
        cursor.execute(statement, params | ids)
        for number, *cause in cursor.fetchall():
            found[number].append(YearCause(*cause))
    return found


def _written(drafts: Sequence[Draft], live_since: str) -> str:
    return json.dumps(
        [
            {
                "id": number,
                "trigger_kind": draft.kind.value,
                "trigger_parameters": dict(draft.parameters),
                "live_since": live_since,
                "reward": draft.reward,
            }
            for number, draft in enumerate(drafts)
        ]
    )
