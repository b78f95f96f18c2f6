"""Which milestones count from which, and from which one may count."""

from accounts.milestones.models import Milestone
from accounts.milestones.rules import MilestoneStatus, followers, in_order
from loyalty.core.errors import DomainError


def starts() -> dict[int, int | None]:
    """Every milestone's id with that of the one that its days count from; None for sign-up."""
    return dict(Milestone.objects.values_list("id", "counts_from_id"))


def possible_starts(milestone_id: int | None) -> list[tuple[int, str]]:
    """The milestones, by name, that another one (None: a new one) may count from: (id, name).

    Not a draft, which nobody reaches, and none that counts from it itself.
    """
    rows = Milestone.objects.exclude(status=MilestoneStatus.DRAFT.value).order_by("name", "id")
    barred = followers(starts(), milestone_id) if milestone_id is not None else set()
    return [(pk, name) for pk, name in rows.values_list("id", "name") if pk not in barred]


def check_start(milestone_id: int | None, counts_from: int | None) -> None:
    """Raise DomainError unless a milestone (None: a new one) may count from the other; None stands for sign-up."""
    if counts_from is None:
        return
    start = Milestone.objects.filter(pk=counts_from).first()
    if start is None:
        raise DomainError("The milestone that the days count from is not there.")
    if start.status == MilestoneStatus.DRAFT:
        raise DomainError(f"“{start.name}” is a draft, which nobody reaches: make it live first.")
    if milestone_id is not None:
        in_order(starts() | {milestone_id: counts_from})


def names_of_followers(milestone_id: int) -> list[str]:
    """The live milestones that count from it directly, by name."""
    rows = Milestone.objects.filter(counts_from_id=milestone_id, status=MilestoneStatus.LIVE.value)
    return list(rows.order_by("name", "id").values_list("name", flat=True))


def start_in_words(counts_from: int | None) -> str:
    """The start of the days, by name."""
    start = Milestone.objects.filter(pk=counts_from).first() if counts_from else None
    return f"reaching “{start.name}”" if start else "sign-up"
