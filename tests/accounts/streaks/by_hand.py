"""Streaks worked out again from the events themselves, the slow and obvious way, with Python's own time zones."""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from accounts.streaks.rules import Action, Pace, StreakTerms

ONE_DAY = timedelta(days=1)


@dataclass(frozen=True)
class Done:
    """One event; `at` in UTC."""

    at: datetime
    name: str = "Report Exported"


@dataclass(frozen=True)
class Run:
    """Units in a row, each by its first day; `known_on` are the days (UTC) on which each had enough."""

    units: tuple[date, ...]
    known_on: tuple[date, ...]


def runs_by_hand(terms: StreakTerms, zone: str, events: Iterable[Done], keys: Iterable[str] = ()) -> list[Run]:
    """All runs, the earliest first."""
    place, counted = ZoneInfo(zone), defaultdict(list)
    for event in sorted(events, key=lambda e: e.at):
        if _counts(event, terms, set(keys)):
            day = event.at.astimezone(place).date()
            if terms.pace is not Pace.WORKING_DAY or day.weekday() < 5:
                counted[_unit(day, terms.pace)].append(event)
    known = {unit: on for unit, told in counted.items() if (on := _enough_on(terms, place, told))}
    runs: list[list[date]] = []
    for unit in sorted(known):
        if runs and _after(runs[-1][-1], terms.pace) == unit:
            runs[-1].append(unit)
        else:
            runs.append([unit])
    return [Run(tuple(units), tuple(known[unit] for unit in units)) for units in runs]


def standing_by_hand(
    terms: StreakTerms, zone: str, events: Iterable[Done], day: date, keys: Iterable[str] = ()
) -> list[int]:
    """[current, best] as the facts of a day (UTC) tell it."""
    end = datetime.combine(day + ONE_DAY, time.min, tzinfo=UTC)
    runs = runs_by_hand(terms, zone, [e for e in events if e.at < end], keys)
    best = max((len(run.units) for run in runs), default=0)
    today = datetime.combine(day, time.min, tzinfo=UTC).astimezone(ZoneInfo(zone)).date()
    if not runs:
        return [0, best]
    must = _after(runs[-1].units[-1], terms.pace)
    # Over once the unit that had to follow has ended: once today belongs to a later one.
    is_over = _unit(today, terms.pace) > must
    return [0 if is_over else len(runs[-1].units), best]


def reaches_by_hand(
    terms: StreakTerms, zone: str, events: Iterable[Done], signed_up_on: date | None, keys: Iterable[str] = ()
) -> list[tuple[date, date]]:
    """(first day of the run, first day of the unit that made the reach) of every run that gets there."""
    found = []
    for run in runs_by_hand(terms, zone, events, keys):
        if terms.within_days is None:
            units = list(run.units)
        elif signed_up_on is None:
            continue
        else:
            units = [u for u in run.units if u >= _unit(signed_up_on, terms.pace)]
        if len(units) < terms.length:
            continue
        unit = units[terms.length - 1]
        limit = None if terms.within_days is None or not signed_up_on else signed_up_on + terms.within_days * ONE_DAY
        if limit is None or unit <= limit:
            found.append((run.units[0], unit))
    return found


def _counts(event: Done, terms: StreakTerms, keys: set[str]) -> bool:
    if terms.action is Action.EVENT:
        return event.name == terms.event_name
    if terms.action is Action.SIGN_IN:
        return event.name in ("Signed In", "Login")
    return terms.action is Action.ANY or event.name in keys


def _enough_on(terms: StreakTerms, place: ZoneInfo, told: list[Done]) -> date | None:
    """The day (UTC) of the event with which a unit has enough; the events come in order."""
    features: set[str] = set()
    days: set[date] = set()
    for event in told:
        days.add(event.at.astimezone(place).date())
        features |= {event.name} - {"Signed In", "Login"}
        if len(days) >= terms.active_days and len(features) >= terms.features:
            return event.at.astimezone(UTC).date()
    return None


def _unit(day: date, pace: Pace) -> date:
    """The first day of the unit; a weekend belongs to the working day after it."""
    if pace is Pace.WEEK:
        return day - day.weekday() * ONE_DAY
    if pace is Pace.WORKING_DAY and day.weekday() > 4:
        return day + (7 - day.weekday()) * ONE_DAY
    return day


def _after(unit: date, pace: Pace) -> date:
    if pace is Pace.WEEK:
        return unit + 7 * ONE_DAY
    return _unit(unit + ONE_DAY, pace)
