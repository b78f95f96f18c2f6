"""Reading the audit: who did what to which object, and when."""

import json
import re
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, time, timedelta
from typing import Any

from django.contrib.auth import get_user_model
from django.contrib.postgres.search import SearchQuery, SearchVector
from django.db.models import QuerySet

from loyalty.core.audit.models import TYPED, WORDS, AuditLine, TypedWords
from loyalty.core.audit.rules import AuditVerb, title
from loyalty.core.audit.verbs import THE_PROGRAMME

SORTED_BY = ("-id",)
PROGRAMME = "programme"
CSV_HEADER = ("number", "at", "who", "what", "title", "object", "object_type", "object_id", "before", "after", "reason")


def searched(filters: Mapping[str, Any]) -> QuerySet[AuditLine]:
    """Lines by SORTED_BY; filters: q, who, verb, object_type, object_id, since and until (days, UTC, in full)."""
    rows = AuditLine.objects.select_related("typed").order_by(*SORTED_BY)
    if text := filters.get("q"):
        words = re.findall(r"\w+", text)
        rows = _saying(rows, words) if words else rows.none()
    if who := filters.get("who"):
        rows = rows.filter(actor__isnull=True) if who == PROGRAMME else rows.filter(actor_id=who)
    for field in ("verb", "object_type", "object_id"):
        if wanted := filters.get(field):
            rows = rows.filter(**{field: wanted})
    if since := filters.get("since"):
        rows = rows.filter(at__gte=datetime.combine(since, time.min, tzinfo=UTC))
    if until := filters.get("until"):
        rows = rows.filter(at__lt=datetime.combine(until + timedelta(days=1), time.min, tzinfo=UTC))
    return rows


def _saying(rows: QuerySet[AuditLine, Any], words: list[str]) -> QuerySet[AuditLine, Any]:
    """Those lines in which each of the words begins a word, be it of what was typed.

    Lines alone can be read newest first, however many say it; both together only through their indexes.
    """
    typed = TypedWords.objects.annotate(words=TYPED).filter(words=_beginnings(words, "|"))
    if not typed.exists():
        return rows.annotate(words=WORDS).filter(words=_beginnings(words, "&"))
    plain = AuditLine.objects.order_by().annotate(words=WORDS).filter(words=_beginnings(words, "&"))
    whole = SearchVector("object_label", "actor_name", "typed__text", config="simple")
    of_typed = AuditLine.objects.order_by().filter(typed__in=typed.values("pk")).annotate(words=whole)
    of_typed = of_typed.filter(words=_beginnings(words, "&"))
    return rows.filter(pk__in=plain.values("pk").union(of_typed.values("pk"), all=True))


def _beginnings(words: list[str], joined_by: str) -> SearchQuery:
    """Texts in which each (&) or one (|) of the words begins a word."""
    return SearchQuery(f" {joined_by} ".join(f"'{word}':*" for word in words), search_type="raw", config="simple")


def people() -> list[tuple[str, str]]:
    """Everybody who can stand in a line, as (id, name)."""
    found = get_user_model().objects.order_by("first_name", "last_name", "username")
    return [(str(p.pk), p.get_full_name() or p.get_username()) for p in found] + [(PROGRAMME, THE_PROGRAMME)]


def title_of(line: AuditLine) -> str:
    """The line in words."""
    kind = line.object_type
    return title(AuditVerb(line.verb), line.actor_name, line.object_label or kind, kind)


def csv_rows(rows: QuerySet[AuditLine]) -> Iterator[list[object]]:
    """One line each, in the order of CSV_HEADER."""
    for line in rows.iterator(chunk_size=1000):
        yield [
            line.pk,
            line.at,
            line.actor_name,
            AuditVerb(line.verb).label,
            title_of(line),
            line.object_label,
            line.object_type,
            line.object_id,
            _json(line.before),
            _json(line.after),
            line.why,
        ]


def _json(value: dict[str, Any] | None) -> str | None:
    return None if value is None else json.dumps(value, ensure_ascii=False, sort_keys=True)
