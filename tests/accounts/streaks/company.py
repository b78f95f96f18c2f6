"""One account that does things at moments, and the days worked out after it."""

from collections.abc import Iterable
from datetime import date, datetime, timedelta

from accounts.facts.models import AccountFacts, FactsDirty
from accounts.facts.verbs import refresh_dirty
from accounts.records.models import Account
from accounts.streaks.models import StreakReach, StreakRun
from tests.accounts.facts.company import mark, use
from tests.accounts.streaks.by_hand import Done, Run


def do(account: Account, *events: Done, message_ids: Iterable[str] = ()) -> None:
    """Store events as intake does, and mark their days."""
    ids = list(message_ids) or [f"{account.pk}-{e.name}-{e.at.isoformat()}" for e in events]
    for event, message_id in zip(events, ids, strict=True):
        day = event.at.date()
        if use(account, day, event.name, at=event.at, message_id=message_id):
            mark(account, day)


def serve(up_to: date) -> None:
    """Work the dirty days out."""
    while refresh_dirty(100, up_to=up_to):
        pass
    assert not FactsDirty.objects.exists()


def kept_runs(account: Account) -> list[Run]:
    """The runs in the database, each unit by its place from the first day on."""
    rows = StreakRun.objects.filter(account=account).order_by("pattern_id", "starts_on")
    return [Run((row.starts_on,), tuple(row.known_on)) for row in rows]


def reaches(account: Account) -> list[StreakReach]:
    return list(StreakReach.objects.filter(account=account, joined=False).order_by("streak_id", "run_starts_on"))


def standing(account: Account, key: str, day: date) -> list[int] | None:
    """What the facts of a day tell of a streak; None when they do not know."""
    found: list[int] | None = AccountFacts.objects.get(account=account, day=day).streaks.get(key)
    return found


def days_from(first: date, count: int) -> list[date]:
    return [first + timedelta(days=n) for n in range(count)]


def noon(day: date) -> datetime:
    from tests.accounts.facts.company import moment

    return moment(day)
