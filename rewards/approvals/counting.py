"""How many offers are in each view of the queue, as every page of it tells.

The views once more, in SQL: to build six of Django's queries takes longer than to
run them. A test proves that both say the same.
"""

from collections.abc import Mapping

from loyalty.core.absence.seats import company_day, functions_today
from loyalty.core.people.models import User
from loyalty.core.prepared import run_prepared
from rewards.approvals import listing
from rewards.approvals.listing import CLOSED, GRANTED, VIEWS
from rewards.offers.rules import OfferState

_WAITING = f"state = '{OfferState.IN_APPROVAL}'"
_AWAKE = f"{_WAITING} AND (snoozed_until IS NULL OR snoozed_until <= %(today)s::date)"
_ENDED = "closed_at IS NOT NULL AND state IN ({})"
_IN_VIEW = {
    "book": f"{_AWAKE} AND assigned_to_id = %(person)s::bigint",
    "mine": f"{_AWAKE} AND awaits && %(functions)s::varchar[]",
    "open": _AWAKE,
    "snoozed": f"{_WAITING} AND snoozed_until > %(today)s::date",
    "granted": _ENDED.format(", ".join(f"'{state}'" for state in GRANTED)),
    "closed": _ENDED.format(", ".join(f"'{state}'" for state in CLOSED)),
}
_COUNTS = "SELECT " + ", ".join(
    f"(SELECT count(*) FROM (SELECT FROM rewards_offer WHERE {_IN_VIEW[view]} LIMIT %(most)s::int) AS counted)"
    for view in VIEWS
)


def view_counts(user: User) -> Mapping[str, int]:
    """View → how many offers this person finds there, counted up to one more than `listing.COUNTED_TO`."""
    functions = [function.value for function in functions_today(user)]
    values = {"today": company_day(), "person": user.pk, "functions": functions, "most": listing.COUNTED_TO + 1}
    (counts,) = run_prepared(_COUNTS, values)
    return dict(zip(VIEWS, counts, strict=True))
