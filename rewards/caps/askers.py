"""Who asks: the tier, the primary segment and the contract of an account on a day, as caps see them."""

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import date

from django.db import connection

from loyalty.core.periods import Period
from rewards.caps.models import Cap
from rewards.caps.rules import CapPeriodKind, CapScope, period_of


@dataclass(frozen=True)
class Asker:
    """What the newest facts of an account up to a day say, empty for none; and its contract's term on that day."""

    tier: str
    segment: str
    term: Period | None


_ASKERS = """
SELECT one.id, asker.tier, asker.segment, asker.term_starts_on, asker.term_ends_on
FROM unnest(%s::bigint[]) AS one (id) CROSS JOIN LATERAL cap_asker(one.id, %s, true) AS asker
"""


def askers_of(account_ids: Collection[int], day: date) -> dict[int, Asker]:
    """What `cap_asker` says of each account, in one query.

    Tier and segment by the facts of `day` (UTC), or of the latest of the 31 days before it that has any.
    """
    if not account_ids:
        return {}
    with connection.cursor() as cursor:
        cursor.execute(_ASKERS, [list(account_ids), day])
        return {
            account: Asker(tier, segment, Period(starts_on, ends_on) if starts_on else None)
            for account, tier, segment, starts_on, ends_on in cursor.fetchall()
        }


def spans_of(caps: Iterable[Cap], day: date) -> dict[int, Period]:
    """The period of each cap that `day` falls in, by cap id; contracts are looked up in one query."""
    found = list(caps)
    accounts = {int(c.scope_key) for c in found if c.period == CapPeriodKind.CONTRACT_TERM}
    terms = {str(pk): asker.term for pk, asker in askers_of(accounts, day).items()}
    return {
        cap.pk: period_of(
            CapPeriodKind(cap.period), day, terms.get(cap.scope_key) if cap.scope == CapScope.ACCOUNT else None
        )
        for cap in found
    }


def span_of(cap: Cap, day: date) -> Period:
    """The period of a cap that `day` falls in."""
    return spans_of([cap], day)[cap.pk]
