"""Who asks: the tier and the primary segment of an account on a day, as caps on them see it."""

from dataclasses import dataclass
from datetime import date

from django.db import connection


@dataclass(frozen=True)
class Asker:
    """What the newest facts of an account say, up to a day; empty for none."""

    tier: str
    segment: str


def asker_of(account_id: int, day: date) -> Asker:
    """What `cap_asker` says: by the facts of `day` (UTC), or of the latest of the 31 days before it that has any."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT tier, segment FROM cap_asker(%s, %s, true)", [account_id, day])
        return Asker(*cursor.fetchone())
