"""The whole table of (state, action, function, relation to the proposer), legal and illegal, on real requests.

Generated, so that no case is left out; what is illegal changes nothing.
"""

from collections.abc import Callable
from datetime import date, timedelta
from itertools import product as every

import pytest
from django.db import transaction

from accounts.milestones.models import Milestone
from loyalty.core.audit.models import AuditLine
from loyalty.core.changes import verbs
from loyalty.core.changes.models import ChangeEditor, ChangeRequest
from loyalty.core.changes.rules import OF_THE_PROGRAMME, ChangeAction, ChangeState, next_state
from loyalty.core.errors import DomainError, NotAllowed
from loyalty.core.people.models import User
from loyalty.core.people.rules import Function
from tests.factories import MilestoneFactory, PersonFactory

pytestmark = pytest.mark.django_db
S, A = ChangeState, ChangeAction

RELATIONS = ("proposer", "editor", "neither")
SEATS = {
    "owner": [Function.PRODUCT],
    "another function": [Function.CS],
    "owner and another": [Function.PRODUCT, Function.FINANCE],
    "administrator": [],
}
ACTIONS: dict[ChangeAction, Callable[[ChangeRequest, User], object]] = {
    A.SUBMIT: lambda c, u: verbs.submit(c.pk, digest=c.digest, acting_user=u),
    A.EDIT: lambda c, u: verbs.edit(c.pk, {"count": 4}, "Four", digest=c.digest, acting_user=u),
    A.REQUEST_CHANGES: lambda c, u: verbs.ask_for_changes(c.pk, digest=c.digest, note="Less", acting_user=u),
    A.APPROVE: lambda c, u: verbs.approve(c.pk, digest=c.digest, acting_user=u),
    A.REJECT: lambda c, u: verbs.reject(c.pk, digest=c.digest, note="No", acting_user=u),
    A.WITHDRAW: lambda c, u: verbs.withdraw(c.pk, acting_user=u),
}
DECISIONS = (A.REQUEST_CHANGES, A.APPROVE, A.REJECT)
FAR = date(2099, 1, 1)


def in_state(state: ChangeState, milestone: Milestone, proposer: User) -> ChangeRequest:
    """A request in that state, with a day far ahead, so that an approval does not apply it."""
    change = verbs.propose_or_apply("milestone", milestone.pk, {"count": 2}, "Two", acting_user=proposer)
    assert change is not None
    change = verbs.set_day(change.pk, FAR, digest=change.digest, acting_user=proposer)
    decided = {}
    if state in (S.APPROVED, S.APPLIED, S.REJECTED):
        decider = PersonFactory(functions=[Function.PRODUCT])
        decided = {"decided_by": decider, "decided_at": change.proposed_at}
    ChangeRequest.objects.filter(pk=change.pk).update(state=state.value, **decided)
    return ChangeRequest.objects.get(pk=change.pk)


def may(state: ChangeState, action: ChangeAction, seat: str, relation: str) -> bool:
    """What PRODUCT.md says, written down a second time."""
    if action in DECISIONS:
        return seat in ("owner", "owner and another") and relation == "neither"
    if action is A.EDIT and state is not S.DRAFT:
        return True
    return relation == "proposer"


def test_every_action_of_people_is_here() -> None:
    assert set(ACTIONS) | set(OF_THE_PROGRAMME) == set(ChangeAction)


@pytest.mark.parametrize(("state", "action"), list(every(ChangeState, ACTIONS)))
def test_the_whole_table(state: ChangeState, action: ChangeAction) -> None:
    by_other = in_state(state, MilestoneFactory(), PersonFactory())
    for seat, functions in SEATS.items():
        person = PersonFactory(functions=functions, is_administrator=True, is_superuser=True)
        own = in_state(state, MilestoneFactory(), person)
        for relation in RELATIONS:
            with transaction.atomic():
                if relation == "editor":
                    ChangeEditor.objects.create(change=by_other, user=person)
                _try(own if relation == "proposer" else by_other, action, person, seat, relation)
                transaction.set_rollback(True)


def _try(change: ChangeRequest, action: ChangeAction, person: User, seat: str, relation: str) -> None:
    """One cell of the table, which is as it should be."""
    state = ChangeState(change.state)
    before, told = _row(change), AuditLine.objects.count()
    leads_to = next_state(state, action)
    case = f"{state} {action} by {relation}, {seat}"
    try:
        ACTIONS[action](change, person)
    except NotAllowed:
        assert leads_to is not None, case
        assert not may(state, action, seat, relation), case
        assert (_row(change), AuditLine.objects.count()) == (before, told + 1), case
        assert AuditLine.objects.order_by("-id")[0].verb == "refused", case
    except DomainError:
        assert leads_to is None, case
        assert (_row(change), AuditLine.objects.count()) == (before, told), case
    else:
        assert leads_to is not None, case
        assert may(state, action, seat, relation), case
        assert ChangeRequest.objects.get(pk=change.pk).state == leads_to.value, case
        assert AuditLine.objects.count() == told + 1, case
    milestone = Milestone.objects.get(pk=change.object_id)
    assert (milestone.version, milestone.count) == (1, 1), case


def _row(change: ChangeRequest) -> dict[str, object]:
    return ChangeRequest.objects.filter(pk=change.pk).values()[0]


def test_the_day_in_the_table_is_far_enough() -> None:
    assert verbs.today() + timedelta(days=3650) < FAR
