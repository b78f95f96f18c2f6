"""Recording what the system of record tells of a subscription.

Invariants: the history is a function of what was told, whatever the order, the
doubling and the batching in which it came; for one day the newest telling
stands; whatever is told of a day leaves the days before it as they were.
"""

from collections.abc import Iterable
from datetime import date, datetime

from accounts.records.models import Account, StandingDiscount, Subscription, SubscriptionTerm
from accounts.records.telling import KNOWN, TELLING, TOLD, as_told
from accounts.records.terms import History, Terms
from loyalty.core.prepared import run_prepared

_TELL = f"""
WITH {KNOWN},
told AS MATERIALIZED (
    SELECT %(account)s::bigint AS account_id, t.*
    FROM known CROSS JOIN jsonb_to_record(%(told)s::jsonb) AS t({TOLD}) WHERE known.is_fresh
),
{TELLING}
SELECT is_fresh, (SELECT day FROM changed) FROM known
"""
_TERMS = tuple(Terms.__dataclass_fields__)


def tell(
    account: Account,
    external_id: str,
    terms: Terms,
    *,
    from_day: date,
    starts_on: date,
    told_at: datetime,
    told_as: str = "",
) -> date | None:
    """Record that a subscription [starts_on, …) is on these terms from `from_day` (UTC) on.

    `told_at` is the time of the source's own event, `told_as` its id, which
    orders events of the same moment. A telling that is older than what stands
    for the same day changes nothing; told again it changes nothing. Returns
    the first day on which anything is different now, from which the facts are
    marked to be worked out again, or None. A term that ended stays: to end a
    subscription, tell its terms with `ends_on` from the day that it was known.
    The trace of who told it is the caller's batch.
    """
    told = as_told(external_id, terms, from_day=from_day, starts_on=starts_on, told_at=told_at, told_as=told_as)
    parameters = {"account": account.pk, "external_id": external_id, "told": told}
    is_fresh, day = False, None
    while not is_fresh:
        ((is_fresh, day),) = run_prepared(_TELL, parameters)
    return day


def history_of(subscription: Subscription) -> History:
    """All that is known of one subscription."""
    return histories_of([subscription])[0][1]


def histories_of(subscriptions: Iterable[Subscription]) -> list[tuple[Subscription, History]]:
    """All that is known of each of some subscriptions, in their order."""
    held = list(subscriptions)
    rows = SubscriptionTerm.objects.filter(subscription__in=held).values_list("subscription_id", "from_day", *_TERMS)
    terms: dict[int, dict[date, Terms]] = {subscription.pk: {} for subscription in held}
    for subscription_id, from_day, *values in rows:
        terms[subscription_id][from_day] = Terms(*values)
    return [(s, History(s.account_id, s.starts_on, terms[s.pk])) for s in held]


def standing_on(day: date, customers: Iterable[str]) -> dict[str, StandingDiscount]:
    """What stands off everything of each of these customers of billing at the end of a day (UTC), if anything does."""
    found = StandingDiscount.objects.filter(customer__in=set(customers) - {""}, since__lte=day)
    return {standing.customer: standing for standing in found.exclude(until__lte=day)}
