"""Who hears of a step before it is due: the people of its function, then its lead; whoever is away, their stand-in.

A cause is told once: the key holds the step, the day on which it is due, and whether it went to the lead.
"""

from datetime import datetime
from typing import Any

from django.db import connection
from django.urls import reverse

from loyalty.core.absence.seats import company_day
from loyalty.core.notices.verbs import Told, tell_all
from loyalty.core.people.rules import FUNCTION_LABELS, Function
from rewards.approvals.timing import approval_settings, end_of_working_day
from rewards.offers.rules import OfferState

# Of CS it is whoever works the offer, of the others everybody; where nobody leads, all are the lead.
# Nobody is asked to decide what they proposed.
_HEARERS = f"""
WITH present AS (
    SELECT seat.function, seat.user_id AS member_id, seat.is_lead,
           coalesce(away.delegate_id, seat.user_id) AS person_id,
           bool_or(seat.is_lead) OVER (PARTITION BY seat.function) AS has_lead
    FROM core_membership AS seat
    JOIN core_user AS person ON person.id = seat.user_id AND person.is_active
    LEFT JOIN core_delegation AS away
      ON away.delegator_id = seat.user_id AND away.ended_at IS NULL
     AND %(today)s BETWEEN away.starts_on AND away.ends_on
), soon AS (
    SELECT offer.id AS offer_id, step.id AS step_id, step.function, step.due_at, offer.reward_name, account.name,
           offer.assigned_to_id, offer.proposed_by_id, step.due_at < %(escalate)s AS is_escalated
    FROM rewards_approvalstep AS step
    JOIN rewards_offer AS offer ON offer.id = step.offer_id AND offer.state = '{OfferState.IN_APPROVAL.value}'
     AND step.function = ANY (offer.awaits)
    JOIN accounts_account AS account ON account.id = offer.account_id
    WHERE step.state = 'waiting' AND step.due_at < %(remind)s AND step.due_at >= %(now)s
)
SELECT DISTINCT soon.offer_id, soon.step_id, soon.function, soon.due_at, soon.reward_name, soon.name,
       present.person_id, false AS to_lead
FROM soon JOIN present ON present.function = soon.function
WHERE (present.member_id = soon.assigned_to_id OR NOT EXISTS (
          SELECT FROM present AS own WHERE own.function = soon.function AND own.member_id = soon.assigned_to_id))
  AND present.member_id IS DISTINCT FROM soon.proposed_by_id AND present.person_id IS DISTINCT FROM soon.proposed_by_id
UNION
SELECT DISTINCT soon.offer_id, soon.step_id, soon.function, soon.due_at, soon.reward_name, soon.name,
       present.person_id, true
FROM soon JOIN present ON present.function = soon.function
WHERE soon.is_escalated AND (present.is_lead OR NOT present.has_lead)
ORDER BY 2, 7, 8
"""


def remind(now: datetime) -> int:
    """Tell of the steps that are due soon; returns how many notices are new. Twice is once."""
    times = approval_settings()
    with connection.cursor() as cursor:
        cursor.execute(
            _HEARERS,
            {
                "now": now,
                "today": company_day(),
                "remind": end_of_working_day(now, times.remind_days),
                "escalate": end_of_working_day(now, times.escalate_days),
            },
        )
        names = [column.name for column in cursor.description or ()]
        rows = [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]
    return tell_all([_told(row) for row in rows])


def _told(row: dict[str, Any]) -> Told:
    waits = f"{row['reward_name']} for {row['name']}"
    label = FUNCTION_LABELS[Function(row["function"])]
    words = f"Nobody of {label} has decided it: {waits}" if row["to_lead"] else f"Waits for you: {waits}"
    kind = "escalated" if row["to_lead"] else "reminded"
    return Told(
        person_id=row["person_id"],
        key=f"offer step {row['step_id']} {kind} {row['due_at']:%Y-%m-%dT%H:%M}",
        words=f"{words}, due {row['due_at']:%-d %b, %H:%M} UTC. Undecided, it lapses.",
        url=reverse("offer", args=[row["offer_id"]]),
    )
