"""Writing a span of the company's history in one transaction: all of it or nothing."""

from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from functools import partial

import numpy as np
from django.db import connection, transaction
from numpy.typing import NDArray

from accounts.intake.models import IntakeBatch
from accounts.sources.models import Source
from accounts.sources.rules import Kind
from accounts.usage.models import KeyAction
from loyalty.core.people.rules import Function
from loyalty.demo import setup, story
from loyalty.demo.activity import Activity, Events
from loyalty.demo.company import company
from loyalty.demo.records import midnight, write_records
from loyalty.demo.story import Story
from loyalty.demo.tally import DAY_SECONDS, Tally, tally
from loyalty.demo.usage_rows import Ids, add_events, add_tally, raw_part
from loyalty.demo.vocabulary import NAMES

RAW_DAYS = 35
STEP = timedelta(days=31)

Progress = Callable[[str, int, int], None]


@transaction.atomic
def write_span(tale: Story, since: datetime | None, progress: Progress) -> None:
    """Write what happened in (since, tale.until] and the audit line of it; `since` None is the whole history."""
    with connection.cursor() as cursor:
        # Checked as they come rather than all at the end, where nobody would see progress for seconds.
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
    customers = company(tale.accounts, tale.anchor, lambda done: progress("Making up customers", done, tale.accounts))
    usage = setup.source_of(Kind.USAGE)
    ids = write_records(customers, tale.anchor, setup.members(Function.CS), usage.pk, tale.until)
    activity = Activity(customers, tale.anchor)
    draw = _Draw(activity, _key_actions(), midnight(tale.anchor - timedelta(days=RAW_DAYS - 1)).timestamp())
    is_fresh = since is None
    since = since or activity.begins_at - timedelta(seconds=1)
    drawings: list[Callable[[], _Drawn]] = [partial(draw.span, *span) for span in _spans(since, tale.until)]
    if is_fresh:
        drawings.insert(0, draw.before_history)
    events = 0
    for done, drawn in enumerate(_one_ahead(drawings), start=1):
        add_tally(drawn.sums, ids, is_fresh=is_fresh)
        _write_batches(drawn.raw, ids)
        events += add_events(drawn.raw, ids)
        progress("Writing their history, by month", done, len(drawings))
    Source.objects.filter(name__in=[name for name, _ in setup.SOURCES]).update(last_received_at=tale.until)
    story.tell(tale, events=events)
    with connection.cursor() as cursor:
        # What follows may be in the same transaction, and writes as all others do.
        cursor.execute("SET CONSTRAINTS ALL DEFERRED")


def mark_dirty(tale: Story, since: datetime) -> None:
    """Have the facts worked out again from the day of `since` on, whoever comes to do it."""
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO accounts_factsdirty (account_id, day) SELECT id, %s FROM accounts_account ORDER BY id",
            [since.date()],
        )


@dataclass(frozen=True)
class _Drawn:
    """What is written of one span: the events that are kept one by one, and the sums of all."""

    raw: Events
    sums: Tally


@dataclass(frozen=True)
class _Draw:
    """Draws spans without touching the database; events are kept one by one since `raw_from` (epoch seconds)."""

    activity: Activity
    key_actions: NDArray[np.bool_]
    raw_from: float

    def before_history(self) -> _Drawn:
        return self._of(self.activity.before_history())

    def span(self, since: datetime, until: datetime) -> _Drawn:
        return self._of(self.activity.span(since, until))

    def _of(self, events: Events) -> _Drawn:
        return _Drawn(raw_part(events, self.raw_from), tally(events, self.key_actions))


def _one_ahead(drawings: Sequence[Callable[[], _Drawn]]) -> Iterator[_Drawn]:
    """Draw each span while the one before it is being written."""
    with ThreadPoolExecutor(max_workers=1) as pool:
        upcoming = pool.submit(drawings[0])
        for following in drawings[1:]:
            drawn, upcoming = upcoming.result(), pool.submit(following)
            yield drawn
        yield upcoming.result()


def _key_actions() -> NDArray[np.bool_]:
    """Of each kind of event, whether Product counts it as a key action."""
    marked = set(KeyAction.objects.values_list("event_name", flat=True))
    return np.array([name in marked for name in NAMES])


def _write_batches(raw: Events, ids: Ids) -> None:
    """One batch a day, received when its last event happened, so that the counts of /events/ follow the days."""
    days, last, accepted = np.unique(raw.at[::-1] // DAY_SECONDS, return_index=True, return_counts=True)
    received = raw.at[::-1][last]
    IntakeBatch.objects.bulk_create(
        IntakeBatch(
            source_id=ids.usage_source,
            channel="demo",
            accepted=int(accepted[n]),
            received_at=datetime.fromtimestamp(int(received[n]), UTC),
        )
        for n in range(len(days))
    )


def _spans(since: datetime, until: datetime) -> Iterator[tuple[datetime, datetime]]:
    """(since, until] cut into steps that end just before midnight UTC, so that a day's sums are added once."""
    begins = since
    while begins < until:
        ends = datetime.combine((begins + STEP).date(), time(), until.tzinfo) - timedelta(seconds=1)
        ends = min(max(ends, begins + timedelta(seconds=1)), until)
        yield begins, ends
        begins = ends
