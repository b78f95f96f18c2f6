"""SQL of the account's days and of what is counted in a row. No parameters but `company_zone`.

A unit is a day, a working day or a week; each pace numbers its units without
gaps, so that units in a row differ by one. Weekends have no number of their own
at the pace of working days: they carry that of the Monday after.
"""

from accounts.streaks.rules import Pace

# A Monday before every date that can be told. Weeks are those of ISO 8601, from Monday to Sunday.
_MONDAY = "DATE '0001-01-01'"
DAYS_OF_A_WEEK, WORKING_DAYS_OF_A_WEEK = 7, 5


def zone_of(account: str) -> str:
    """The time zone of the account with this alias: its own, or the company's while nobody told it."""
    return f"coalesce(nullif({account}.time_zone, ''), %(company_zone)s)"


def local_day(moment: str, zone: str) -> str:
    """The day of a moment in a zone."""
    return f"({moment} AT TIME ZONE {zone})::date"


def begins_at(day: str, zone: str) -> str:
    """The moment at which a day begins in a zone."""
    return f"({day})::timestamp AT TIME ZONE {zone}"


def unit_of(day: str, pace: str) -> str:
    """The number of the unit that a day of the account belongs to."""
    since, week = f"(({day}) - {_MONDAY})", DAYS_OF_A_WEEK
    return (
        f"CASE {pace} WHEN '{Pace.DAY}' THEN {since}"
        f" WHEN '{Pace.WEEK}' THEN {since} / {week}"
        f" ELSE {since} / {week} * {WORKING_DAYS_OF_A_WEEK} + least(mod({since}, {week}), {WORKING_DAYS_OF_A_WEEK}) END"
    )


def first_day_of(unit: str, pace: str) -> str:
    """The first day of the unit with this number."""
    number, worked = f"({unit})", WORKING_DAYS_OF_A_WEEK
    return (
        f"{_MONDAY} + CASE {pace} WHEN '{Pace.DAY}' THEN {number}"
        f" WHEN '{Pace.WEEK}' THEN {number} * {DAYS_OF_A_WEEK}"
        f" ELSE {number} / {worked} * {DAYS_OF_A_WEEK} + mod({number}, {worked}) END"
    )


def counts(day: str, pace: str) -> str:
    """Whether what happens on a day counts at all at a pace."""
    return f"({pace} <> '{Pace.WORKING_DAY}' OR extract(isodow FROM {day}) < 6)"
