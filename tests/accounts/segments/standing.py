"""Accounts with facts of a day, in the segments that a test says, and the moves that brought them there."""

from collections.abc import Sequence
from datetime import date
from typing import Any

from accounts.records.models import Account
from accounts.segments.models import Segment, SegmentMove
from tests.accounts.conditions.test_truth import facts_row
from tests.factories import AccountFactory

DAY = date(2026, 11, 14)


def stand(name: str, *segments: Segment, day: date = DAY, **facts: Any) -> Account:
    """An account of that name which is in the segments on the day; the first is its primary one."""
    account = AccountFactory(name=name)
    keys = [segment.key for segment in segments]
    facts_row(account, day, segments=keys, primary_segment=keys[0] if keys else None, **facts)
    return account


def moved(account: Account, segment: Segment, day: date = DAY, *, entered: bool = True, **given: Any) -> SegmentMove:
    """A move of the account; `evidence` as the follower writes it."""
    values = {"cause": "facts", "evidence": {}, "version": segment.version, "fires": False, **given}
    return SegmentMove.objects.create(account=account, segment=segment, day=day, entered=entered, **values)


def evidence(before: Sequence[Any], now: Sequence[Any], facts_before: dict[str, Any], facts: dict[str, Any]) -> Any:
    """What a move keeps: truths and facts of the day before and of the day."""
    return {"truths": list(now), "truths_before": list(before), "facts": facts, "before": facts_before}
