"""What a room tells the ground about long work of one kind: how to go on with it."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Protocol

from loyalty.core.jobs.models import Job


class JobCancelled(Exception):
    """Somebody wants no more of it; what was committed stays."""


class NotYet(Exception):
    """The job cannot go on at this moment; the text says what it waits for."""


class LeaseLost(Exception):
    """Another worker took the job over: whatever is not committed must be left undone."""


class Work(Protocol):
    """A claimed job, as its runner sees it."""

    job: Job

    def check(self) -> None:
        """Between two steps, outside of transactions. Raises JobCancelled when somebody asked for that."""

    def tell(
        self, done: int, total: int | None = None, *, message: str = "", result: Mapping[str, Any] | None = None
    ) -> None:
        """Note progress, in the transaction of the step that it tells. Raises LeaseLost."""

    @property
    def time_is_up(self) -> bool:
        """Whether to give the worker back now; the job is gone on with in a moment."""


@dataclass(frozen=True)
class JobKind:
    """`run` goes on from where the row stands; True when all is done, False when more is left.

    It is called again after a worker died, so a step must do its work and note
    its progress in one transaction. `finish` is called once nothing more comes
    of the job, however it ended. `url_of` is the page that shows what it made.
    `is_filter`: whether the list of jobs offers it as a filter.
    """

    kind: str
    label: str
    run: Callable[[Work], bool]
    finish: Callable[[Job], None] = lambda job: None
    url_of: Callable[[Job], str] = lambda job: ""
    is_filter: bool = True


_kinds: dict[str, JobKind] = {}


def register_job(kind: JobKind) -> None:
    """Let jobs of a kind run; two runners for one kind are a mistake."""
    if _kinds.setdefault(kind.kind, kind) is not kind:
        raise ValueError(f"{kind.kind} is registered already")


def job_kind(kind: str) -> JobKind | None:
    """The registered kind; None when this version of the application does not know it."""
    return _kinds.get(kind)


def job_kinds() -> list[JobKind]:
    """Every registered kind, by its label."""
    return sorted(_kinds.values(), key=lambda kind: kind.label)
