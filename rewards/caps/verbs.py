"""Taking and giving back cap room. The campaigns and the offers call these.

None of them writes an audit line: the entries of a cap are the log, append-only,
and the offer's own audit line stands in the same transaction.
"""

import json
from collections.abc import Iterable, Mapping, Sequence
from decimal import Decimal
from typing import Any

from django.db import DatabaseError, connection, transaction

from loyalty.core.errors import DomainError
from loyalty.core.prepared import run_prepared
from rewards.caps.rules import CapMeasure, CapResult, ReserveRequest, refusal

__all__ = ["CapResult", "ReserveRequest", "refund", "release", "reserve", "spend"]

RELEASED_ALREADY = "LC409"


def reserve(requests: Sequence[ReserveRequest]) -> Mapping[int, CapResult]:
    """Reserve room for offers, in the order given; returns the result of each by offer id.

    One statement for any number, or two: all caps that bind an offer must have room, or
    it takes none. Hard caps refuse; soft caps admit and are named in `exceeded`.
    Asking again for the same offer reserves nothing more. The period rows stay
    locked until the caller's transaction ends, so reserve late in it.
    """
    if len(requests) == 1 and (found := _reserve_one(requests[0])):
        return found
    return _reserve_many(requests) if requests else {}


_ONE = """
SELECT * FROM caps_reserve_one(
    %(offer_id)s::bigint, %(account_id)s::bigint, %(campaign_id)s::bigint, %(function)s::text, %(reward_kind)s::text,
    %(reward_id)s::bigint, %(is_by_hand)s::boolean, %(tier)s::text, %(segment)s::text, %(amount)s::numeric,
    %(day)s::date, %(term_starts_on)s::date, %(term_ends_on)s::date)
"""
# Most are admitted, and nothing more is to be said of them.
_MANY = """
SELECT * FROM caps_reserve(
    %(facts)s::jsonb, %(of_facts)s::integer[], %(offers)s::bigint[], %(accounts)s::bigint[], %(amounts)s::numeric[])
WHERE NOT is_admitted OR exceeded IS NOT NULL
"""
_ADMITTED = CapResult(ok=True)


def _reserve_one(r: ReserveRequest) -> dict[int, CapResult]:
    """Empty where the way for many is needed: the first of a period, and offers that asked before."""
    term = {"term_starts_on": r.term and r.term.starts_on, "term_ends_on": r.term and r.term.ends_on}
    return _results(run_prepared(_ONE, vars(r) | term), {r.offer_id: r.amount})


def _reserve_many(requests: Sequence[ReserveRequest]) -> dict[int, CapResult]:
    amounts = {r.offer_id: r.amount for r in requests}
    numbers: dict[tuple[Any, ...], int] = {}
    of_facts = [numbers.setdefault(_facts(r), len(numbers) + 1) for r in requests]
    asked = {
        "facts": json.dumps([_told(facts) for facts in numbers]),
        "of_facts": _array(of_facts),
        "offers": _array(r.offer_id for r in requests),
        "accounts": _array(r.account_id for r in requests),
        "amounts": _array(r.amount for r in requests),
    }
    with connection.cursor() as cursor:
        cursor.execute(_MANY, asked)
        return dict.fromkeys(amounts, _ADMITTED) | _results(cursor.fetchall(), amounts)


def _facts(r: ReserveRequest) -> tuple[Any, ...]:
    """By what the caps are found that bind it, but for those of its account."""
    return (r.campaign_id, r.function, r.reward_kind, r.reward_id, r.is_by_hand, r.tier, r.segment, r.day, r.term)


def _told(facts: tuple[Any, ...]) -> dict[str, Any]:
    campaign, function, kind, reward, is_by_hand, tier, segment, day, term = facts
    return {
        "campaign_id": campaign,
        "function": function,
        "reward_kind": kind,
        "reward_id": reward,
        "is_by_hand": is_by_hand,
        "tier": tier,
        "segment": segment,
        "day": day.isoformat(),
        "term_starts_on": term and term.starts_on.isoformat(),
        "term_ends_on": term and term.ends_on.isoformat(),
    }


def _array(numbers: Iterable[int | Decimal]) -> str:
    """Numbers as the text of an array: thousands of them are quicker written so than adapted one by one."""
    return "{" + ",".join(map(str, numbers)) + "}"


def _results(rows: Iterable[tuple[Any, ...]], amounts: Mapping[int, Decimal]) -> dict[int, CapResult]:
    return {
        offer: CapResult(
            ok=ok,
            reason="" if ok else refusal(name, CapMeasure(measure), limit, room, amounts[offer], until),
            exceeded=(exceeded or "") if ok else "",
        )
        for offer, ok, name, measure, limit, room, until, exceeded in rows
    }


def spend(*offer_ids: int) -> int:
    """Turn the reserved room of granted offers into spent; returns in how many caps.

    Twice is once: the second call moves nothing. Raises DomainError when the room
    of one was released before.
    """
    return _settle(offer_ids, "spend")


def release(*offer_ids: int) -> int:
    """Free the reserved room of offers that will not be granted; returns in how many caps.

    Twice is once, and room that was spent stays spent: that is for `refund`.
    """
    return _settle(offer_ids, "release")


def refund(*offer_ids: int) -> int:
    """Free the spent room of grants that were reversed; returns in how many caps. Twice is once."""
    return _settle(offer_ids, "refund")


def _settle(offer_ids: Sequence[int], step: str) -> int:
    if not offer_ids:
        return 0
    try:
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute("SELECT caps_settle(%s::bigint[], %s)", [list(offer_ids), step])
            return int(cursor.fetchone()[0])
    except DatabaseError as error:
        if getattr(error.__cause__, "sqlstate", "") != RELEASED_ALREADY:
            raise
        raise DomainError(
            "The room that an offer held under its caps was released already; it cannot be spent. Propose it again."
        ) from error
