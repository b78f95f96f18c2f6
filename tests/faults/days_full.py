"""Fault row 21 in its full form: the last day of a credit, in every time zone and on every day that is odd there."""

from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from zoneinfo import ZoneInfo, available_timezones

from django.db import connection

from tests.benchmarks import stage
from tests.benchmarks.results import Result

FIRST, LAST = date(2027, 1, 1), date(2028, 12, 31)
EVERY_ZONE = (date(2027, 4, 30), date(2027, 12, 31), date(2028, 2, 28), date(2028, 2, 29))


def run() -> list[Result]:
    """Issue a credit for each zone and each of its odd days, live through all nights, and hold the books to it."""
    with stage.engines():
        from rewards.ledger.expiring import expire_credits
        from rewards.ledger.issuing import issue_credits
        from rewards.ledger.models import CreditLot, Posting
        from rewards.ledger.reconciliation import check
        from tests.factories import AccountFactory
        from tests.faults.clients import granted, offers

        zones = _zones()
        wanted: dict[int, date] = {}
        for zone in zones:
            days = sorted({*EVERY_ZONE, *_turns(zone)})
            account = AccountFactory(time_zone=zone)
            for offer, last_day in zip(offers(len(days), Decimal(7)), days, strict=True):
                type(offer).objects.filter(pk=offer.pk).update(account=account)
                offer.account_id = account.pk
                grant = granted(offer)
                type(grant).objects.filter(pk=grant.pk).update(expires_on=last_day)
                wanted[grant.pk] = last_day
        issue_credits(list(wanted), booked_on=date(2026, 12, 1), acting_user=None)
        zone_of = dict(CreditLot.objects.values_list("grant_id", "account__time_zone"))
        night, doubled = FIRST, 0
        while night <= LAST + timedelta(days=3):
            expire_credits(night)
            doubled += expire_credits(night)
            night += timedelta(days=1)
        rows = Posting.objects.filter(kind="expire").values_list("lines__lot__grant_id", "booked_on")
        booked = {grant: day for grant, day in rows if grant is not None}
        wrong = [grant for grant, last_day in wanted.items() if booked.get(grant) != _night(last_day, zone_of[grant])]
        problems = check().problems
        expired = Posting.objects.filter(kind="expire").count()
    return [
        Result("faults", f"21 credits in {len(zones)} time zones", len(wanted), "credits"),
        Result("faults", "21 expired, once each", expired, "credits", "all of them", expired == len(wanted)),
        Result("faults", "21 expired again in the same night", doubled, "credits", "none", doubled == 0),
        Result("faults", "21 not in the first night after the midnight there", len(wrong), "", "none", not wrong),
        Result("faults", "21 rows that do not add up", len(problems), "rows", "none", not problems),
    ]


def _zones() -> list[str]:
    """The zones of places that both the database and Python know."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT name FROM pg_timezone_names")
        known = {name for (name,) in cursor.fetchall()}
    return sorted(
        zone for zone in available_timezones() & known if "/" in zone and not zone.startswith(("Etc/", "posix"))
    )


def _turns(zone: str) -> list[date]:
    """The days of the two years on which the offset from UTC changes, and the days before them."""
    there, found, day = ZoneInfo(zone), [], FIRST
    while day < LAST:
        noon = datetime.combine(day, time(12), there)
        if noon.utcoffset() != (noon + timedelta(days=1)).utcoffset():
            found += [day, day + timedelta(days=1)]
        day += timedelta(days=1)
    return found


def _night(last_day: date, zone: str) -> date:
    """The first night that begins, at 00:00 UTC, once the last day is over there."""
    over = datetime.combine(last_day + timedelta(days=1), time(), ZoneInfo(zone)).astimezone(UTC)
    return over.date() if over.time() == time() else over.date() + timedelta(days=1)
