"""The days of an account: those of its own time zone, or of the company's when nobody told one."""

from datetime import UTC, date, datetime, time
from zoneinfo import ZoneInfo

from django.conf import settings
from django.db.models import DateField, DateTimeField, F, Func, Value
from django.db.models.expressions import Expression
from django.db.models.functions import Cast, Coalesce, NullIf


def midnight(day: date) -> datetime:
    """When a day of UTC begins, which is when its night's work looks at the clocks of all accounts."""
    return datetime.combine(day, time(), UTC)


def day_there(time_zone: str, at: datetime) -> date:
    """The day of an instant in a time zone (IANA name); empty is the company's."""
    return at.astimezone(ZoneInfo(time_zone or settings.COMPANY_TIME_ZONE)).date()


def day_of_account(at: datetime, path: str = "account__time_zone") -> Expression:
    """As `day_there`, worked out by the database for each row; `path` leads to the time zone."""
    zone = Coalesce(NullIf(F(path), Value("")), Value(settings.COMPANY_TIME_ZONE))
    moment = Value(at, output_field=DateTimeField())
    return Cast(Func(zone, moment, function="timezone", output_field=DateTimeField()), DateField())
