"""Three segments with versions, and who is in them, worked out again the slow and obvious way."""

from collections.abc import Callable, Mapping
from datetime import UTC, date, datetime, timedelta
from typing import Any

from accounts.facts.models import AccountFacts
from accounts.records.models import Account
from accounts.segments.models import Segment, SegmentMove
from accounts.segments.verbs import keep_version
from tests.accounts.facts.history import FIRST
from tests.factories import SegmentFactory

Row = Mapping[str, Any]
EDITED, SWAPPED, LIVE_FROM, RETIRED = 30, 40, 20, 50


def day(n: int) -> date:
    return FIRST + timedelta(days=n)


def _moment(n: int) -> datetime:
    return datetime.combine(day(n), datetime.min.time(), UTC) + timedelta(hours=15)


def _is(fact: str, sign: str, value: int) -> dict[str, str]:
    return {"op": "compare", "fact": fact, "is": sign, "value": str(value)}


def make_segments() -> None:
    """Regulars, whose rule is edited; Exporters, who look back and come first later; Unhappy, live for some days."""
    regulars = SegmentFactory(key="regulars", priority=1, rule=_is("sign_ins_30", ">=", 2), effective_at=_moment(0))
    recently = {"op": "within", "days": 5, "item": _is("key_actions_30", ">=", 3)}
    exporters = SegmentFactory(key="exporters", priority=2, rule=recently, effective_at=_moment(0))
    unhappy = {"op": "not", "item": _is("nps", ">=", 3)}
    draft = SegmentFactory(key="unhappy", priority=3, rule=unhappy, status="draft", effective_at=_moment(0))
    _next(draft, LIVE_FROM, status="live")
    _next(regulars, EDITED, rule=_is("sign_ins_30", ">=", 5))
    _next(regulars, EDITED, rule=_is("sign_ins_30", ">=", 4))
    _next(exporters, SWAPPED, priority=1)
    _next(draft, RETIRED, status="retired")


def _next(segment: Segment, n: int, **terms: Any) -> None:
    for name, value in terms.items():
        setattr(segment, name, value)
    segment.version += 1
    segment.save()
    keep_version(segment, _moment(n))


def segments_by_hand(rows: list[Row]) -> list[list[str]]:
    """Who is in what on each day, the first by priority first; the rows are those of all days, in order."""
    asked: dict[str, Callable[[int], bool]] = {
        "regulars": lambda n: (rows[n]["sign_ins_30"] or 0) >= (4 if n >= EDITED else 2),
        "exporters": lambda n: any((r["key_actions_30"] or 0) >= 3 for r in rows[max(n - 4, 0) : n + 1]),
        "unhappy": lambda n: LIVE_FROM <= n < RETIRED and rows[n]["nps"] is not None and rows[n]["nps"] < 3,
    }
    orders = [["regulars", "exporters", "unhappy"], ["exporters", "regulars", "unhappy"]]
    return [[key for key in orders[n >= SWAPPED] if asked[key](n)] for n in range(len(rows))]


def moves_by_hand(segments: list[list[str]]) -> list[tuple[str, bool, date]]:
    """Key, entered or left, and day of each difference between a day and the day before."""
    found = []
    for n, now in enumerate(segments):
        before = segments[n - 1] if n else []
        found += [(key, True, day(n)) for key in now if key not in before]
        found += [(key, False, day(n)) for key in before if key not in now]
    return sorted(found)


def rows_of(account: Account, last: date | None = None) -> list[Row]:
    rows = AccountFacts.objects.filter(account=account).order_by("day").values()
    return list(rows.filter(day__lte=last) if last else rows)


def moves_of(account: Account) -> list[tuple[str, bool, date]]:
    kept = SegmentMove.objects.filter(account=account, withdrawn_at=None)
    return sorted(kept.values_list("segment__key", "entered", "day"))


def told_of(account: Account, last: date | None = None) -> list[Row]:
    """All that is told of the account's moves up to a day, but for their ids and whether they fire."""
    kept = SegmentMove.objects.filter(account=account, withdrawn_at=None)
    rows = kept.filter(day__lte=last) if last else kept
    fields = ("segment__key", "entered", "day", "version", "cause", "evidence")
    return list(rows.order_by("day", "segment__key", "entered").values(*fields))
