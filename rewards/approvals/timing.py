"""When a step is due, when its people are reminded, and when it goes to the lead: working days of the company."""

from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from django.conf import settings

from loyalty.core.periods import add_working_days
from rewards.approvals.models import ApprovalSettings


def approval_settings() -> ApprovalSettings:
    """The times of the approval steps; the defaults until Customer Success edits them."""
    return ApprovalSettings.objects.filter(pk=1).first() or ApprovalSettings(pk=1)


def due_at(now: datetime, working_days: int) -> datetime:
    """When a step that opens now is due: working days in the company's time zone."""
    return add_working_days(now, working_days, ZoneInfo(settings.COMPANY_TIME_ZONE))


def end_of_working_day(now: datetime, working_days: int) -> datetime:
    """The midnight that ends the day so many working days from today; 0 is the end of today."""
    zone = ZoneInfo(settings.COMPANY_TIME_ZONE)
    midnight = now.astimezone(zone).replace(hour=0, minute=0, second=0, microsecond=0)
    return add_working_days(midnight, working_days, zone) + timedelta(days=1)
