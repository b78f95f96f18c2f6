"""Reading segments for their pages: the list with its members, who is in one, who came and went, and how they overlap.

Everybody stands as in `conditions.queries`: on the latest day with facts, or on
the day before while the nightly run has not come by.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from django.conf import settings
from django.db import connection
from django.db.models import Case, F, FilteredRelation, OuterRef, Q, QuerySet, Subquery, When

from accounts.conditions.queries import vocabulary
from accounts.conditions.rules.reading import BadRule, read_rule
from accounts.conditions.rules.tree import facts_of
from accounts.conditions.rules.vocabulary import ROW, Vocabulary
from accounts.conditions.rules.words import in_words
from accounts.facts.queries import AS_THINGS_STAND, latest_day
from accounts.records.models import Account
from accounts.segments.models import Segment, SegmentMove
from accounts.segments.rules import NOT_FOR_SEGMENTS, SegmentStatus
from accounts.sources.rules import Kind

SERIES_DAYS = 90
RECENT_DAYS = 30
NO_DAY = date(1970, 1, 1)
MEMBERS_BY = ("name", "pk")
MOVES_BY = ("-day", "-id")
LIST_HEADER = (
    "priority",
    "segment",
    "status",
    "members",
    "primary_for",
    "entered_30_days",
    "left_30_days",
    "goal",
    "suggested_reward",
    "rule",
    "version",
)
MEMBERS_HEADER = ("account", "external_id", "in_since", "is_primary", "mrr")


@dataclass(frozen=True)
class Line:
    """One segment with its figures: members of each of the last days (oldest first), who came and went lately."""

    segment: Segment
    words: str
    members: int
    primary: int
    series: Sequence[tuple[date, int]]
    entered: int
    left: int


@dataclass(frozen=True)
class Overlap:
    """How many accounts are in two segments at once; `shared[(a, b)]` by key, `shared[(a, a)]` are the members of a."""

    accounts: int = 0
    nowhere: int = 0
    shared: Mapping[tuple[str, str], int] = field(default_factory=dict)
    primary: Mapping[str, int] = field(default_factory=dict)


def words_of(segment_rule: Any, words: Vocabulary) -> str:
    """A rule in words; one that can no longer be read says so."""
    try:
        return in_words(read_rule(segment_rule, words), words, settings.REPORTING_CURRENCY)
    except BadRule as bad:
        return f"This rule can no longer be read: {bad}"


def kinds_of(segment_rule: Any, words: Vocabulary) -> set[Kind]:
    """The kinds of data that a rule stands on."""
    try:
        asked = facts_of(read_rule(segment_rule, words))
        return {kind for name in asked for kind in words[name].meaning.kinds}
    except BadRule:
        return set()


def overlap() -> Overlap:
    """Who is in which segments now, by one reading of the facts."""
    day = latest_day()
    if day is None:
        return Overlap()
    statement = f"""
        WITH now AS MATERIALIZED (
            SELECT {ROW}.segments, {ROW}.primary_segment FROM accounts_accountfacts {ROW} WHERE {AS_THINGS_STAND}
        )
        SELECT a.key, b.key, count(*), count(*) FILTER (WHERE n.primary_segment = a.key)
        FROM now n, unnest(n.segments) AS a(key), unnest(n.segments) AS b(key) GROUP BY a.key, b.key
        UNION ALL
        SELECT NULL, NULL, count(*), count(*) FILTER (WHERE cardinality(segments) = 0) FROM now
    """
    with connection.cursor() as cursor:
        cursor.execute(statement, {"day": day})
        found = cursor.fetchall()
    accounts, nowhere = next((count, none) for a, _, count, none in found if a is None)
    pairs = {(a, b): (count, first) for a, b, count, first in found if a is not None}
    return Overlap(
        accounts=accounts,
        nowhere=nowhere,
        shared={pair: count for pair, (count, _) in pairs.items()},
        primary={a: first for (a, b), (_, first) in pairs.items() if a == b},
    )


def listed(seen: Overlap, status: str = "") -> list[Line]:
    """Segments by priority, those that are live first, each with its figures."""
    rows = Segment.objects.filter(status=status) if status else Segment.objects.all()
    live_first = sorted(rows, key=lambda s: (s.status != SegmentStatus.LIVE.value, s.priority, s.key))
    return lines(live_first, seen)


def lines(rows: Sequence[Segment], seen: Overlap) -> list[Line]:
    """The figures of some segments."""
    words, last = vocabulary(without=NOT_FOR_SEGMENTS), latest_day()
    steps = _steps([row.pk for row in rows], last) if last else {}
    found = []
    for row in rows:
        members, mine = seen.shared.get((row.key, row.key), 0), steps.get(row.pk, {})
        recent = [mine[day] for day in mine if last and day > last - timedelta(days=RECENT_DAYS)]
        found.append(
            Line(
                segment=row,
                words=words_of(row.rule, words),
                members=members,
                primary=seen.primary.get(row.key, 0),
                series=_series(members, mine, last) if last else [],
                entered=sum(entered for entered, _ in recent),
                left=sum(left for _, left in recent),
            )
        )
    return found


def _steps(ids: list[int], last: date) -> dict[int, dict[date, tuple[int, int]]]:
    """Segment → day → how many entered and how many left, of the last SERIES_DAYS days."""
    with connection.cursor() as cursor:
        cursor.execute(
            """
            SELECT segment_id, day, count(*) FILTER (WHERE entered), count(*) FILTER (WHERE NOT entered)
            FROM accounts_segmentmove
            WHERE segment_id = ANY (%(ids)s) AND day > %(since)s AND day <= %(last)s AND withdrawn_at IS NULL
            GROUP BY segment_id, day
            """,
            {"ids": ids, "since": last - timedelta(days=SERIES_DAYS), "last": last},
        )
        steps: dict[int, dict[date, tuple[int, int]]] = {}
        for segment_id, day, entered, left in cursor.fetchall():
            steps.setdefault(segment_id, {})[day] = (entered, left)
    return steps


def _series(members: int, steps: Mapping[date, tuple[int, int]], last: date) -> list[tuple[date, int]]:
    """Members at the end of each day, from those of the last day backwards."""
    told = []
    for back in range(SERIES_DAYS):
        day = last - timedelta(days=back)
        told.append((day, members))
        entered, left = steps.get(day, (0, 0))
        members -= entered - left
    return told[::-1]


def members(segment: Segment, also: str = "") -> QuerySet[Account]:
    """Accounts that are in the segment now (and in the one with the key `also`), by MEMBERS_BY.

    Annotated with `since` (day of the last entry), `is_primary` (its key) and `mrr`.
    """
    day = latest_day() or NO_DAY
    entries = SegmentMove.objects.filter(
        account=OuterRef("pk"), segment=segment, entered=True, withdrawn_at=None
    ).order_by("-day")
    rows = Account.objects.annotate(
        newest=FilteredRelation("facts", condition=Q(facts__day=day)),
        before=FilteredRelation("facts", condition=Q(facts__day=day - timedelta(days=1))),
    )
    keys = [segment.key, also] if also else [segment.key]
    return rows.filter(
        Q(newest__segments__contains=keys) | Q(newest__day__isnull=True, before__segments__contains=keys)
    ).annotate(
        since=Subquery(entries.values("day")[:1]),
        first_segment=_now("primary_segment"),
        mrr=_now("mrr"),
    )


def _now(name: str) -> Case:
    return Case(When(newest__day__isnull=False, then=F(f"newest__{name}")), default=F(f"before__{name}"))


@dataclass(frozen=True)
class Member:
    """One account of a segment; `mrr` in the reporting currency."""

    account: Account
    since: date | None
    is_primary: bool
    mrr: Decimal | None


def member_of(row: Any, segment: Segment) -> Member:
    """A row of `members()` for the page."""
    return Member(row, row.since, row.first_segment == segment.key, row.mrr)


def member_rows(rows: QuerySet[Account], segment: Segment) -> Iterator[list[object]]:
    """Members by MEMBERS_HEADER, streamed."""
    for member in (member_of(row, segment) for row in rows.order_by(*MEMBERS_BY).iterator(chunk_size=500)):
        yield [member.account.name, member.account.external_id, member.since, member.is_primary, member.mrr]


def line_cells(line: Line) -> list[object]:
    """One segment by LIST_HEADER."""
    segment = line.segment
    figures = [line.members, line.primary, line.entered, line.left]
    told = [segment.goal, segment.reward, line.words, segment.version]
    return [segment.priority, segment.name, segment.status, *figures, *told]


def score_counts() -> dict[str, dict[int | None, int]]:
    """Measure → score (None: unknown) → how many accounts have it now."""
    day = latest_day() or NO_DAY
    with connection.cursor() as cursor:
        cursor.execute(
            f"""
            SELECT s.measure, s.score, count(*)
            FROM accounts_accountfacts {ROW}
            CROSS JOIN LATERAL (VALUES ('recency', {ROW}.recency_score), ('frequency', {ROW}.frequency_score),
                                       ('money', {ROW}.monetary_score)) AS s(measure, score)
            WHERE {AS_THINGS_STAND} GROUP BY s.measure, s.score
            """,
            {"day": day},
        )
        counts: dict[str, dict[int | None, int]] = {"recency": {}, "frequency": {}, "money": {}}
        for measure, score, count in cursor.fetchall():
            counts[measure][score] = count
    return counts
