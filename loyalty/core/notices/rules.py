"""Ways and paces in which notices reach people, when a digest is due, and when what failed is tried again."""

from datetime import datetime, timedelta, tzinfo
from enum import StrEnum


class Channel(StrEnum):
    """What a notice goes out by, beside the inbox, which keeps all of them."""

    EMAIL = "email"
    SLACK = "slack"


class Pace(StrEnum):
    """How soon a notice goes out by a channel."""

    OFF = "off"
    AT_ONCE = "at_once"
    DAILY = "daily"


CHANNEL_LABELS: dict[Channel, str] = {Channel.EMAIL: "E-mail", Channel.SLACK: "Slack"}
PACE_LABELS: dict[Pace, str] = {
    Pace.OFF: "Not at all",
    Pace.AT_ONCE: "At once",
    Pace.DAILY: "Once a day, all together",
}
PACE_CHOICES = [(p.value, label) for p, label in PACE_LABELS.items()]
# Of people who have not chosen: reminders must find them, and must not fill their mailbox.
DEFAULT_PACES: dict[Channel, Pace] = {Channel.EMAIL: Pace.DAILY, Channel.SLACK: Pace.OFF}
DEFAULT_HOUR = 8

# Who claimed a letter and says nothing for this long is taken to be dead.
LEASE = timedelta(seconds=90)
# So often it is tried, over two days; then it is given up.
TRIES = 8


def wait_before(tries: int) -> timedelta:
    """How long to wait after so many failed tries: 1, 4, 16, 64 minutes and so on, 16 hours at most."""
    return min(timedelta(minutes=4 ** max(tries - 1, 0)), timedelta(hours=16))


def due_at(pace: Pace, hour: int, zone: tzinfo, now: datetime) -> datetime:
    """When a notice of now goes out: now, or at the next `hour` o'clock of the time zone, which is never now itself.

    An hour that the day leaves out (the clock goes forward) is the hour after it.
    """
    if pace is not Pace.DAILY:
        return now
    local = now.astimezone(zone)
    today = local.replace(hour=hour, minute=0, second=0, microsecond=0, fold=0)
    due = today if today.astimezone(now.tzinfo) > now else today + timedelta(days=1)
    return due.astimezone(now.tzinfo)


def is_our_path(url: str) -> bool:
    """Whether this is an address inside the application: a path, which no browser takes for another host."""
    return url.startswith("/") and not url.startswith("//") and "\\" not in url and url.isprintable()
