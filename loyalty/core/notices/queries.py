"""The inbox of a person, and what became of the letters to them."""

from collections.abc import Iterator
from datetime import datetime

from django.db.models import Min, QuerySet

from loyalty.core.notices.models import Letter, LetterState, Notice, Passage
from loyalty.core.people.models import User

SORTED_BY = ("-id",)
CSV_HEADER = ("number", "at", "notice", "leads_to", "read_at")
VIEWS = {"": "All", "unread": "Unread"}
# Beyond that, a number tells nothing more.
MOST_COUNTED = 99


def inbox(person: User, view: str = "") -> QuerySet[Notice]:
    """The person's notices by SORTED_BY, newest first."""
    mine = Notice.objects.filter(person=person).order_by(*SORTED_BY)
    return mine.filter(read_at=None) if view == "unread" else mine


def unread_count(person: User) -> int:
    """How many notices the person has not read, 99 at most."""
    return Notice.objects.filter(person=person, read_at=None)[:MOST_COUNTED].count()


def newest_id(person: User) -> int:
    """The id of the newest notice of the person; 0 when there is none."""
    return inbox(person).values_list("pk", flat=True).first() or 0


def csv_rows(rows: QuerySet[Notice]) -> Iterator[list[object]]:
    """One line a notice, in the order of CSV_HEADER."""
    for notice in rows.iterator(chunk_size=1000):
        yield [notice.pk, notice.at, notice.words, notice.url, notice.read_at]


def last_letters(person: User) -> list[Letter]:
    """The last letter by each channel that went out or was given up."""
    ended = Letter.objects.filter(person=person, state__in=(LetterState.SENT, LetterState.FAILED))
    return list(ended.order_by("channel", "-id").distinct("channel"))


def due_since(now: datetime) -> datetime | None:
    """Since when the notice or letter that has waited longest could go out; None when none can."""
    passages = Passage.objects.filter(letter=None, due_at__lte=now).aggregate(at=Min("due_at"))["at"]
    letters = Letter.objects.filter(state=LetterState.WAITING, due_at__lte=now).aggregate(at=Min("due_at"))["at"]
    return min((at for at in (passages, letters) if at is not None), default=None)
