"""Jobs go on whoever dies, stop when asked, and each step counts once."""

from datetime import timedelta
from functools import partial

import pytest
from django.utils import timezone

from loyalty.core.audit.models import AuditLine
from loyalty.core.errors import DomainError, NotAllowed
from loyalty.core.jobs.models import Job
from loyalty.core.jobs.registry import JobKind, Work, register_job
from loyalty.core.jobs.rules import TRIES
from loyalty.core.jobs.running import run_next
from loyalty.core.jobs.verbs import cancel_job, start_job
from loyalty.core.people.models import User
from tests.concurrency import at_once
from tests.core.jobs.conftest import Counting

pytestmark = pytest.mark.django_db


class Killed(BaseException):
    """As sudden as a kill: nothing of the application catches it."""


def ask(total: int = 3, by: User | None = None) -> Job:
    return start_job("counting", "Count", {}, acting_user=by, total=total)


def let_lease_run_out() -> None:
    Job.objects.update(lease_until=timezone.now() - timedelta(seconds=1))


def make_due() -> None:
    Job.objects.update(due_at=timezone.now())


def test_a_job_runs_to_its_end(counting: Counting, cs: User) -> None:
    job = ask(by=cs)
    assert run_next() == job
    job.refresh_from_db()
    assert (job.state, job.done, job.result, job.error) == ("done", 3, {"counted": 3}, "")
    assert (counting.steps, counting.ended) == ([1, 2, 3], ["done"])
    assert run_next() is None
    line = AuditLine.objects.get(object_type="job")
    assert (line.verb, line.actor, line.object_id) == ("job_started", cs, str(job.pk))


def test_the_oldest_comes_first_and_slices_take_turns(counting: Counting) -> None:
    counting.a_slice = 1
    first, second = ask(2), ask(2)
    ran = [run_next() for _ in range(6)]
    assert ran == [first, second, first, second, None, None]
    assert counting.steps == [1, 1, 2, 2]
    assert set(Job.objects.values_list("state", "tries")) == {("done", 1)}


def test_who_dies_is_followed_by_another_where_it_stood(counting: Counting) -> None:
    def die(work: Work, step: int) -> None:
        if step == 2 and work.job.claims == 1:
            raise Killed

    counting.at_step = die
    job = ask()
    with pytest.raises(Killed):
        run_next()
    assert run_next() is None, "its lease still runs"
    let_lease_run_out()
    assert run_next() == job
    assert counting.steps == [1, 2, 3]
    job.refresh_from_db()
    assert (job.state, job.claims) == ("done", 2)


def test_who_was_taken_for_dead_commits_nothing_more(counting: Counting) -> None:
    def be_slow(work: Work, step: int) -> None:
        if step == 2 and work.job.claims == 1:
            let_lease_run_out()
            run_next()

    counting.before_step = be_slow
    job = ask()
    run_next()
    assert counting.steps == [1, 2, 3]
    job.refresh_from_db()
    assert (job.state, job.claims, job.done) == ("done", 2, 3)


def test_a_worker_that_always_dies_there_makes_it_fail(counting: Counting) -> None:
    def die(work: Work, step: int) -> None:
        raise Killed

    counting.at_step = die
    job = ask()
    for _ in range(TRIES):
        with pytest.raises(Killed):
            run_next()
        let_lease_run_out()
    run_next()
    job.refresh_from_db()
    assert (job.state, counting.ended) == ("failed", ["failed"])
    assert job.error == f"Its worker stopped {TRIES} times in a row without getting any further."


def test_an_error_is_tried_again_and_then_told(counting: Counting) -> None:
    def fail(work: Work, step: int) -> None:
        raise ZeroDivisionError

    counting.at_step = fail
    job = ask()
    for _ in range(TRIES):
        assert run_next() == job
        assert run_next() is None, "it waits before the next try"
        make_due()
    job.refresh_from_db()
    assert (job.state, job.done) == ("failed", 0)
    assert "failed 4 times in a row" in job.error


def test_an_error_that_passes_costs_nothing(counting: Counting) -> None:
    def fail_once(work: Work, step: int) -> None:
        if step == 2 and work.job.claims == 1:
            raise ZeroDivisionError

    counting.at_step = fail_once
    job = ask()
    run_next()
    make_due()
    run_next()
    job.refresh_from_db()
    assert (job.state, counting.steps) == ("done", [1, 2, 3])


def test_what_makes_no_sense_fails_at_once_with_its_words(counting: Counting) -> None:
    def refuse(work: Work, step: int) -> None:
        raise DomainError("The file is gone.")

    counting.at_step = refuse
    job = ask()
    run_next()
    job.refresh_from_db()
    assert (job.state, job.error) == ("failed", "The file is gone.")


def test_cancelled_while_it_waits(counting: Counting, cs: User) -> None:
    job = cancel_job(ask(by=cs).pk, acting_user=cs)
    assert (job.state, counting.ended) == ("cancelled", ["cancelled"])
    assert run_next() is None
    with pytest.raises(DomainError, match="has finished already: cancelled"):
        cancel_job(job.pk, acting_user=cs)
    assert AuditLine.objects.filter(verb="job_cancelled").count() == 1


def test_cancelled_while_it_runs_stops_after_the_step(counting: Counting, cs: User, administrator: User) -> None:
    def cancel(work: Work, step: int) -> None:
        if step == 2:
            cancel_job(work.job.pk, acting_user=administrator)

    counting.at_step = cancel
    job = ask(by=cs)
    run_next()
    job.refresh_from_db()
    assert (job.state, job.done, counting.steps, counting.ended) == ("cancelled", 2, [1, 2], ["cancelled"])


def test_nobody_else_may_cancel(counting: Counting, cs: User, finance: User) -> None:
    job = ask(by=cs)
    with pytest.raises(NotAllowed, match="Only who started it"):
        cancel_job(job.pk, acting_user=finance)
    job.refresh_from_db()
    assert (job.state, job.cancel_asked, AuditLine.objects.filter(verb="job_cancelled").count()) == (
        "waiting",
        False,
        0,
    )


def test_a_kind_that_nobody_runs(counting: Counting) -> None:
    with pytest.raises(ValueError, match="Nobody runs"):
        start_job("unheard-of", "X", {}, acting_user=None)
    Job.objects.create(kind="unheard-of", title="From a newer version")
    run_next()
    assert "cannot run jobs of the kind unheard-of" in Job.objects.get().error


def test_two_runners_for_one_kind_are_a_mistake(counting: Counting) -> None:
    with pytest.raises(ValueError, match="registered already"):
        register_job(JobKind("counting", "Another", run=lambda work: True))


@pytest.mark.django_db(transaction=True)
def test_four_workers_at_once_share_the_jobs(counting: Counting) -> None:
    jobs = [ask(5) for _ in range(4)]
    ran = at_once([partial(run_next)] * 4)
    assert sorted(job.pk for job in ran if isinstance(job, Job)) == [job.pk for job in jobs]
    assert sorted(counting.steps) == sorted([1, 2, 3, 4, 5] * 4)
    assert set(Job.objects.values_list("state", flat=True)) == {"done"}
