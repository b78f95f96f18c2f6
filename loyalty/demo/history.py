"""Writing a span of the company's history in one transaction: all of it or nothing."""

from collections.abc import Callable, Iterator
from datetime import UTC, datetime, time, timedelta

import numpy as np
from django.db import connection, transaction

from accounts.intake.models import IntakeBatch
from accounts.sources.models import Source
from accounts.sources.rules import Kind
from accounts.usage.models import KeyAction
from loyalty.demo import setup, story
from loyalty.demo.activity import Activity, Events
from loyalty.demo.company import company
from loyalty.demo.records import midnight, write_records
from loyalty.demo.story import Story
from loyalty.demo.tally import DAY_SECONDS, tally
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
    ids = write_records(customers, tale.anchor, setup.managers(), usage.pk, tale.until)
    activity = Activity(customers, tale.anchor)
    events = 0
    if since is None:
        since = activity.begins_at - timedelta(seconds=1)
        events += _write(activity.before_history(), ids, tale)
    spans = list(_spans(since, tale.until))
    for done, (begins, ends) in enumerate(spans, start=1):
        events += _write(activity.span(begins, ends), ids, tale)
        progress("Writing their history, by month", done, len(spans))
    Source.objects.filter(name__in=[name for name, _ in setup.SOURCES]).update(last_received_at=tale.until)
    story.tell(tale, events=events)


def mark_dirty(tale: Story, since: datetime) -> None:
    """Have the facts worked out again from the day of `since` on, whoever comes to do it."""
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO accounts_factsdirty (account_id, day) SELECT id, %s FROM accounts_account ORDER BY id",
            [since.date()],
        )


def _write(events: Events, ids: Ids, tale: Story) -> int:
    """Write one span: raw events of the last weeks and milestone events of any day, and the sums of all of them."""
    marked = set(KeyAction.objects.values_list("event_name", flat=True))
    add_tally(tally(events, np.array([name in marked for name in NAMES])), ids)
    raw_from = midnight(tale.anchor - timedelta(days=RAW_DAYS - 1)).timestamp()
    raw = raw_part(events, raw_from)
    _write_batches(raw, ids)
    return add_events(raw, ids)


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
