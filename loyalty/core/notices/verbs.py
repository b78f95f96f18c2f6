"""Telling people something, and their having read it.

A cause is told to a person once: the database refuses the second time, so that
whoever tells may be repeated, restarted and run twice at once.
"""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

from django.conf import settings
from django.db import connection, transaction
from django.utils import timezone

from loyalty.core.doorbell.verbs import ring_on_commit
from loyalty.core.notices.models import Notice, NoticeChoice, Passage
from loyalty.core.notices.rules import Channel, Pace, due_at, is_our_path
from loyalty.core.people.models import User

NOTICES = "loyalty.notices"

_KEEP = """
INSERT INTO core_notice (person_id, key, words, url, at)
SELECT p.id, t.key, t.words, t.url, %(now)s
FROM unnest(%(person)s::bigint[], %(key)s::text[], %(words)s::text[], %(url)s::text[]) AS t (person, key, words, url)
JOIN core_user AS p ON p.id = t.person AND p.is_active
ORDER BY p.id, t.key
ON CONFLICT (person_id, key) DO NOTHING
RETURNING id, person_id
"""


@dataclass(frozen=True)
class Told:
    """One notice to one person. `key` names the cause (at most 120 letters); `url` is a path of the application."""

    person_id: int
    key: str
    words: str
    url: str


def tell(person_ids: Iterable[int], key: str, words: str, url: str) -> int:
    """Tell people of a cause, each as they chose; returns how many had not been told of it. As `tell_all`."""
    return tell_all([Told(person, key, words, url) for person in set(person_ids)])


@transaction.atomic
def tell_all(notices: Collection[Told]) -> int:
    """Tell many things in a few statements; returns how many were new.

    A key that the person has been told already, and people who are no longer
    active, are left out. It goes out once the transaction commits. Raises
    ValueError for a key that is too long and for an address outside.
    """
    for told in notices:
        if len(told.key) > 120 or not is_our_path(told.url):
            raise ValueError(f"Not a notice: {told.key} leads to {told.url}")
    if not notices:
        return 0
    now = timezone.now()
    with connection.cursor() as cursor:
        cursor.execute(
            _KEEP,
            {
                "now": now,
                "person": [told.person_id for told in notices],
                "key": [told.key for told in notices],
                "words": [_clipped(told.words) for told in notices],
                "url": [told.url[:300] for told in notices],
            },
        )
        made: Sequence[tuple[int, int]] = cursor.fetchall()
    ways = ways_of({person for _, person in made})
    passages = [
        Passage(notice_id=notice, person_id=person, channel=way.channel.value, due_at=way.due_at(now))
        for notice, person in made
        for way in ways.get(person, ())
    ]
    if passages:
        Passage.objects.bulk_create(passages)
        ring_on_commit(NOTICES)
    return len(made)


@dataclass(frozen=True)
class Way:
    """A channel that reaches a person, and how soon."""

    channel: Channel
    pace: Pace
    hour: int

    def due_at(self, now: datetime) -> datetime:
        """When what is told at `now` goes out."""
        return due_at(self.pace, self.hour, ZoneInfo(settings.COMPANY_TIME_ZONE), now)


def ways_of(person_ids: Collection[int]) -> dict[int, list[Way]]:
    """The channels that reach each of these people now; two queries however many they are."""
    chosen = {choice.pk: choice for choice in NoticeChoice.objects.filter(pk__in=person_ids)}
    people = User.objects.filter(pk__in=person_ids, is_active=True).values_list("pk", "email")
    return {pk: _ways(email, chosen.get(pk) or NoticeChoice(person_id=pk)) for pk, email in people}


def _ways(email: str, choice: NoticeChoice) -> list[Way]:
    reached = {
        Channel.EMAIL: (Pace(choice.email_pace), bool(email) and settings.MAIL_IS_SET_UP),
        Channel.SLACK: (Pace(choice.slack_pace), bool(choice.slack_sealed)),
    }
    return [
        Way(channel, pace, choice.digest_hour)
        for channel, (pace, is_reachable) in reached.items()
        if is_reachable and pace is not Pace.OFF
    ]


def mark_read(notice_id: int, *, acting_user: User) -> Notice:
    """Note that the person has read one of their notices; raises Notice.DoesNotExist for anybody else's."""
    notice = Notice.objects.get(pk=notice_id, person=acting_user)
    Notice.objects.filter(pk=notice.pk, read_at=None).update(read_at=timezone.now())
    return notice


def mark_all_read(*, acting_user: User, up_to: int) -> int:
    """Note that the person has read all of their notices up to this id; returns how many were unread."""
    return Notice.objects.filter(person=acting_user, read_at=None, pk__lte=up_to).update(read_at=timezone.now())


def _clipped(words: str) -> str:
    return words if len(words) <= 300 else f"{words[:299]}…"
