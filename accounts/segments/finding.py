"""What the search of every page finds among the segments, and what waits for a person there."""

from django.db.models import Q
from django.urls import reverse

from accounts.segments.changing import KIND
from accounts.segments.models import Segment
from loyalty.core.changes.queries import waiting_for
from loyalty.core.people.models import User
from loyalty.core.shell.registry import Found

AT_MOST = 8


def find_segments(text: str, user: User) -> list[Found]:
    """Segments by name, or by what they are for."""
    rows = Segment.objects.filter(Q(name__icontains=text) | Q(goal__icontains=text))[:AT_MOST]
    return [Found(s.name, s.goal, reverse("segment", args=[s.pk])) for s in rows]


def waiting_segments(user: User) -> int:
    """How many changes of segments this person may decide."""
    return waiting_for(user).filter(kind=KIND).count()
