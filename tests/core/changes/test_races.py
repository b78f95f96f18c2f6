"""Two people decide at once: one result, and the other is told by whom."""

from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import pytest
from django.db import connection

from accounts.milestones.models import Milestone
from loyalty.core.audit.models import AuditLine
from loyalty.core.changes import verbs
from loyalty.core.changes.models import ChangeRequest
from loyalty.core.errors import DomainError
from loyalty.core.people.models import User
from loyalty.core.people.rules import Function
from tests.factories import MilestoneFactory, PersonFactory

pytestmark = pytest.mark.django_db(transaction=True)


def all_at_once(change: ChangeRequest, people: list[User]) -> list[str]:
    """Half of them approve, half reject; returns what each was told."""
    start = Barrier(len(people))

    def decide(position: int, user: User) -> str:
        try:
            start.wait(timeout=30)
            if position % 2:
                verbs.reject(change.pk, digest=change.digest, note="No", acting_user=user)
            else:
                verbs.approve(change.pk, digest=change.digest, acting_user=user)
        except DomainError as told:
            return str(told)
        finally:
            connection.close()
        return "decided"

    with ThreadPoolExecutor(len(people)) as pool:
        return list(pool.map(decide, range(len(people)), people))


def test_twenty_people_decide_one_request() -> None:
    milestone: Milestone = MilestoneFactory()
    proposer = PersonFactory(functions=[Function.PRODUCT])
    people = [PersonFactory(functions=[Function.PRODUCT]) for _ in range(20)]
    change = verbs.propose_or_apply("milestone", milestone.pk, {"count": 2}, "Two", acting_user=proposer)
    assert isinstance(change, ChangeRequest)

    told = all_at_once(change, people)

    change.refresh_from_db()
    milestone.refresh_from_db()
    assert told.count("decided") == 1
    winner = people[told.index("decided")]
    assert change.decided_by == winner
    assert sum(line.startswith(f"{winner.display_name} ") for line in told) == 19
    assert milestone.version == (2 if change.state == "applied" else 1)
    assert AuditLine.objects.filter(verb__in=["change_approved", "change_rejected"]).count() == 1


def test_approve_and_reject_at_once_again_and_again() -> None:
    milestone: Milestone = MilestoneFactory()
    proposer, one, two = (PersonFactory(functions=[Function.PRODUCT]) for _ in range(3))
    for n in range(10):
        change = verbs.propose_or_apply("milestone", milestone.pk, {"name": f"Name {n}"}, "Again", acting_user=proposer)
        assert isinstance(change, ChangeRequest)
        assert sorted(outcome == "decided" for outcome in all_at_once(change, [one, two])) == [False, True]
    applied = ChangeRequest.objects.filter(state="applied").count()
    milestone.refresh_from_db()
    assert milestone.version == 1 + applied
    assert ChangeRequest.objects.filter(state="rejected").count() == 10 - applied
