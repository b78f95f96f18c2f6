"""Telling that a system of record went silent, once for each silence."""

from datetime import UTC, datetime

from django.db.models import prefetch_related_objects
from django.urls import reverse

from accounts.sources.freshness import stale_sources
from accounts.sources.rules import KIND_LABELS, Kind
from loyalty.core.figures import moment_text
from loyalty.core.notices.verbs import Told, tell_all
from loyalty.core.people.queries import administrators


def tell_stale(now: datetime) -> int:
    """Tell the administrators of every system of record that has become stale; returns how many notices were new."""
    stale = stale_sources(Kind, now=now)
    prefetch_related_objects(stale, "kinds")
    if not stale:
        return 0
    people = list(administrators().values_list("pk", flat=True))
    told = []
    for source in stale:
        last = source.last_received_at or now
        kinds = ", ".join(KIND_LABELS[Kind(k.kind)] for k in source.kinds.all() if k.is_active)
        words = f"No data from {source.name} since {moment_text(last, UTC)}: {kinds} stand still"
        key, url = f"source:{source.pk}:stale:{last.isoformat()}", reverse("source", args=[source.pk])
        told += [Told(person, key, words, url) for person in people]
    return tell_all(told)
