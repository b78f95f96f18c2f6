"""A kind of job for the tests: counts to its total, one step after another."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

import pytest
from django.db import transaction

from loyalty.core.jobs import registry
from loyalty.core.jobs.models import Job
from loyalty.core.jobs.registry import JobKind, Work


@dataclass
class Counting:
    """What the runner does at each step, and just before it; `steps` is what it has committed."""

    steps: list[int] = field(default_factory=list)
    ended: list[str] = field(default_factory=list)
    at_step: Callable[[Work, int], None] = lambda work, step: None
    before_step: Callable[[Work, int], None] = lambda work, step: None
    a_slice: int = 1000

    def run(self, work: Work) -> bool:
        for _ in range(self.a_slice):
            if work.job.done >= work.job.total:
                return True
            work.check()
            step = work.job.done + 1
            self.before_step(work, step)
            with transaction.atomic():
                self.at_step(work, step)
                work.tell(step, result={"counted": step})
            self.steps.append(step)
        return work.job.done >= work.job.total


@pytest.fixture
def counting(monkeypatch: pytest.MonkeyPatch, db: None) -> Iterator[Counting]:
    runner = Counting()
    kind = JobKind(
        "counting",
        "Counting",
        run=runner.run,
        finish=lambda job: runner.ended.append(job.state),
        url_of=lambda job: f"/counted/{job.pk}/",
    )
    monkeypatch.setitem(registry._kinds, "counting", kind)
    yield runner
    assert not Job.objects.filter(kind="counting", state="running", lease_until=None).exists()
