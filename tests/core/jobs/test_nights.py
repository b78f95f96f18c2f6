"""The nightly order: a step after the other, each once, whatever dies, and told."""

from collections.abc import Callable
from datetime import date, timedelta

import pytest
from django.test import Client
from django.utils import timezone

from loyalty.core.errors import DomainError
from loyalty.core.jobs import chores, nights, registry
from loyalty.core.jobs.chores import RangedChore, Span, WholeChore, add_chore
from loyalty.core.jobs.models import Job, JobPart, Night, NightStep
from loyalty.core.jobs.nights import advance, begin_night, days_done_up_to, help_out, night_job, run_night_here
from loyalty.core.jobs.rules import NIGHT_RETRY
from loyalty.core.jobs.running import run_next
from loyalty.core.people.models import User
from loyalty.core.shell.night_warning import stopped_night_warning
from tests.concurrency import at_once

pytestmark = pytest.mark.django_db
TODAY = date(2026, 11, 26)
ORDER = {"facts": "Facts", "tiers": "Tiers", "triggers": "Triggers"}


class Doings:
    """What the chores of the tests did, in order; `fails` makes one fail."""

    def __init__(self) -> None:
        self.done: list[object] = []
        self.fails: str = ""

    def ranged(self, name: str) -> Callable[[int, int, Span], dict[str, int]]:
        def work(first: int, last: int, span: Span) -> dict[str, int]:
            self.check(name)
            self.done.append((name, first, last))
            return {name: last - first + 1}

        return work

    def whole(self, name: str) -> Callable[[Span], dict[str, int]]:
        def work(span: Span) -> dict[str, int]:
            self.check(name)
            self.done.append((name, span.missed))
            return {name: 1}

        return work

    def check(self, name: str) -> None:
        if self.fails == name:
            raise RuntimeError(f"{name} cannot go on")


@pytest.fixture
def doings(monkeypatch: pytest.MonkeyPatch) -> Doings:
    """An order of three steps with chores of both sorts; accounts 1 to 30 in ranges of ten."""
    made = Doings()
    monkeypatch.setattr(chores, "_chores", {})
    monkeypatch.setattr(nights, "_order", dict(ORDER))
    add_chore(WholeChore("facts", "look", made.whole("look")))
    add_chore(RangedChore("facts", "refresh", made.ranged("refresh"), size=10))
    add_chore(RangedChore("triggers", "evaluate", made.ranged("evaluate"), size=10))
    for step, label in ORDER.items():
        kind = night_job(step, label, lambda size: [(n, n + size - 1) for n in range(1, 31, size)])
        monkeypatch.setitem(registry._kinds, kind.kind, kind)
    return made


def begin(day: date = TODAY, first_day: date | None = None) -> Night:
    night = begin_night(day, first_day or day)
    assert night is not None
    return night


def step_by_step(night: Night) -> None:
    while advance(night.pk):
        run_next()


ALL = [
    ("look", 0),
    *(("refresh", n, n + 9) for n in (1, 11, 21)),
    *(("evaluate", n, n + 9) for n in (1, 11, 21)),
]


def test_the_steps_in_their_order_each_part_once(doings: Doings) -> None:
    night = begin()
    step_by_step(night)
    assert doings.done == ALL
    night.refresh_from_db()
    assert night.finished_at is not None
    steps = NightStep.objects.select_related("job").order_by("id")
    assert [(s.step, s.job.title, s.job.state, s.job.result) for s in steps] == [
        ("facts", "Facts, 26 Nov 2026", "done", {"look": 1, "refresh": 30}),
        ("tiers", "Tiers, 26 Nov 2026", "done", {}),
        ("triggers", "Triggers, 26 Nov 2026", "done", {"evaluate": 30}),
    ]
    assert [(s.job.done, s.job.total) for s in steps] == [(4, 4), (0, 0), (3, 3)]
    assert advance(night.pk) is None
    assert run_next() is None


def test_a_day_has_one_night_but_people_may_ask_for_more(doings: Doings) -> None:
    begin()
    assert begin_night(TODAY, TODAY) is None
    assert begin_night(TODAY, TODAY, is_nightly=False) is not None
    assert begin_night(TODAY, TODAY, is_nightly=False) is not None
    assert Night.objects.count() == 3


@pytest.mark.django_db(transaction=True)
def test_two_beats_at_the_same_moment_begin_one_night_and_one_job(doings: Doings) -> None:
    began = at_once([lambda: begin_night(TODAY, TODAY)] * 6)
    assert sum(isinstance(night, Night) for night in began) == 1
    night = Night.objects.get()
    at_once([lambda: advance(night.pk)] * 6)
    assert (NightStep.objects.count(), Job.objects.count()) == (1, 1)


def test_here_and_now(doings: Doings) -> None:
    night = begin(first_day=TODAY - timedelta(days=2))
    assert run_night_here(night) == {"facts": {"look": 1, "refresh": 30}, "tiers": {}, "triggers": {"evaluate": 30}}
    assert doings.done[0] == ("look", 2)
    assert days_done_up_to(TODAY) is None
    assert days_done_up_to(TODAY + timedelta(days=1)) == TODAY


def test_a_failed_step_stops_the_night_is_told_and_tried_again(
    doings: Doings, caplog: pytest.LogCaptureFixture, administrator: User, signed_in_as: Callable[[User], Client]
) -> None:
    doings.fails = "refresh"
    night = begin()
    advance(night.pk)
    for _ in range(4):
        Job.objects.update(due_at=timezone.now())
        run_next()
    job = Job.objects.get()
    assert (job.state, job.done) == ("failed", 1)
    assert "refresh cannot go on" in caplog.text
    warned = stopped_night_warning()
    assert warned is not None
    assert warned.text == "The night stopped at “Facts, 26 Nov 2026”"
    page = signed_in_as(administrator).get("/jobs/").content.decode()
    assert "The night stopped at" in page
    assert "its turn comes" in page

    advance(night.pk)
    assert Job.objects.count() == 1
    doings.fails = ""
    advance(night.pk, now=timezone.now() + NIGHT_RETRY)
    step = NightStep.objects.get()
    assert (step.tries, step.job_id != job.pk) == (2, True)
    step_by_step(night)
    # The second job of the step begins anew: its chores are harmless to repeat.
    assert doings.done == [("look", 0), *ALL]
    assert stopped_night_warning() is None


def test_here_and_now_a_failure_is_said(doings: Doings) -> None:
    doings.fails = "evaluate"
    with pytest.raises(DomainError, match="“Triggers, 26 Nov 2026” is waiting"):
        run_night_here(begin())
    assert JobPart.objects.filter(done_at=None).count() == 3


def test_a_worker_that_dies_leaves_what_is_not_done_and_nothing_else(doings: Doings) -> None:
    night = begin()
    advance(night.pk)
    doings.fails = "refresh"
    run_next()
    job = Job.objects.get()
    # As if the worker had been killed in the middle of a part: the job still claims to run.
    Job.objects.update(state="running", lease_until=timezone.now() - timedelta(seconds=1))
    doings.fails = ""
    run_next()
    job.refresh_from_db()
    assert (job.state, job.result) == ("done", {"look": 1, "refresh": 30})
    assert doings.done == ALL[:4]


@pytest.mark.django_db(transaction=True)
def test_any_number_of_workers_share_the_parts_of_a_step(doings: Doings) -> None:
    night = begin()
    advance(night.pk)
    helped: list[int] = []

    def work(first: int, last: int, span: Span) -> dict[str, int]:
        if first == 1:
            helped.extend(int(n) for n in at_once([help_out]) if isinstance(n, int))
        doings.done.append(("refresh", first, last))
        return {"refresh": 1}

    add_chore(RangedChore("facts", "refresh", work, size=10))
    run_next()
    assert helped == [2]
    assert sorted(map(str, doings.done)) == sorted(map(str, ALL[:4]))
    assert Job.objects.get().result == {"look": 1, "refresh": 3}


def test_a_cancelled_step_stops_the_night(doings: Doings) -> None:
    night = begin()
    advance(night.pk)
    Job.objects.update(state="cancelled", finished_at=timezone.now() - timedelta(days=1))
    assert advance(night.pk) is not None
    assert Job.objects.count() == 1
    assert stopped_night_warning() is not None
