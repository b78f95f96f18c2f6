"""Change requests on a live milestone: who may do what, and what is left when they may not."""

from collections.abc import Callable
from typing import Any

import pytest

from accounts.milestones.models import Milestone
from loyalty.core.audit.models import AuditLine
from loyalty.core.changes import verbs
from loyalty.core.changes.models import ChangeRequest
from loyalty.core.changes.steps import LiveMovedOn
from loyalty.core.errors import DomainError, NotAllowed
from loyalty.core.people.models import Membership, User
from loyalty.core.people.rules import Function
from tests.factories import MilestoneFactory, PersonFactory

pytestmark = pytest.mark.django_db
STALE = "0" * 64


def propose(milestone: Milestone, by: User, reason: str = "Two is a habit", **values: Any) -> ChangeRequest:
    change = verbs.propose_or_apply("milestone", milestone.pk, values or {"count": 2}, reason, acting_user=by)
    assert isinstance(change, ChangeRequest)
    return change


def story() -> list[tuple[str, str]]:
    return list(AuditLine.objects.order_by("id").values_list("actor_name", "verb"))


@pytest.fixture
def milestone(db: None) -> Milestone:
    return MilestoneFactory(name="First report")


def test_an_edit_of_a_live_object_waits(milestone: Milestone, product: User) -> None:
    change = propose(milestone, product)
    milestone.refresh_from_db()
    assert (milestone.count, milestone.version) == (1, 1)
    assert (change.state, change.owner_function, change.base_version) == ("pending", "product", 1)
    assert (change.before["count"], change.proposed["count"]) == (1, 2)
    assert change.impact[:2] == [
        "2 times: 0 accounts reached it in the last 365 days, as many as now.",
        "Adds nobody and drops nobody.",
    ]
    line = AuditLine.objects.get()
    assert (line.verb, line.before, line.after) == ("change_proposed", {"count": 1}, {"count": 2})
    assert line.reason == "Two is a habit"


def test_a_colleague_applies_it(milestone: Milestone, product: User, product_colleague: User) -> None:
    change = propose(milestone, product)
    verbs.approve(change.pk, digest=change.digest, note="Yes", acting_user=product_colleague)
    change.refresh_from_db()
    milestone.refresh_from_db()
    assert (milestone.count, milestone.version) == (2, 2)
    assert (change.state, change.decided_by, change.decision_note) == ("applied", product_colleague, "Yes")
    assert change.applied_at == change.decided_at
    assert list(milestone.versions.values_list("version", "count")) == [(2, 2), (1, 1)]
    assert story() == [
        ("Priya Shah", "change_proposed"),
        ("Pablo Reyes", "change_approved"),
        ("Pablo Reyes", "edited"),
        ("Pablo Reyes", "change_applied"),
    ]
    edited = AuditLine.objects.get(verb="edited")
    assert (edited.before, edited.after) == ({"count": 1, "version": 1}, {"count": 2, "version": 2})


def test_a_colleague_turns_it_down(milestone: Milestone, product: User, product_colleague: User) -> None:
    change = propose(milestone, product)
    verbs.reject(change.pk, digest=change.digest, note="One is enough", acting_user=product_colleague)
    change.refresh_from_db()
    milestone.refresh_from_db()
    assert (change.state, change.decision_note, milestone.version) == ("rejected", "One is enough", 1)


def test_the_owners_edit_of_a_draft_applies_at_once(product: User) -> None:
    draft = MilestoneFactory(status="draft")
    made = verbs.propose_or_apply("milestone", draft.pk, {"count": 3, "status": "live"}, "", acting_user=product)
    draft.refresh_from_db()
    assert (made, draft.count, draft.status, draft.version) == (None, 3, "live", 2)
    assert ChangeRequest.objects.count() == 0
    assert story() == [("Priya Shah", "edited")]


@pytest.mark.parametrize("who", ["finance", "cs", "administrator"])
def test_anybody_else_proposes_even_for_a_draft(who: str, request: pytest.FixtureRequest) -> None:
    draft = MilestoneFactory(status="draft")
    change = propose(draft, request.getfixturevalue(who))
    draft.refresh_from_db()
    assert (change.state, draft.version) == ("pending", 1)


Attempt = Callable[[ChangeRequest, User], object]
ATTEMPTS: dict[str, Attempt] = {
    "approve": lambda c, u: verbs.approve(c.pk, digest=c.digest, acting_user=u),
    "reject": lambda c, u: verbs.reject(c.pk, digest=c.digest, note="No", acting_user=u),
}


@pytest.mark.parametrize("action", ATTEMPTS)
@pytest.mark.parametrize(
    "who",
    [
        "proposer",
        "editor",
        "finance",
        "cs",
        "administrator",
        "superuser",
        "moved away",
        "deactivated",
        "both functions",
    ],
)
def test_who_may_not_decide(
    milestone: Milestone, product: User, action: str, who: str, request: pytest.FixtureRequest
) -> None:
    proposer, decider = product, product
    if who == "both functions":
        proposer = decider = PersonFactory(functions=[Function.PRODUCT, Function.CS])
    change = propose(milestone, proposer)
    if who in ("finance", "cs", "administrator"):
        decider = request.getfixturevalue(who)
    if who == "superuser":
        decider = PersonFactory(is_superuser=True, is_administrator=True)
    if who in ("editor", "moved away", "deactivated"):
        decider = PersonFactory(functions=[Function.PRODUCT])
        assert decider.functions == {Function.PRODUCT}  # as read before the person was moved
    if who == "editor":
        change = verbs.edit(change.pk, {"count": 4}, "Four", digest=change.digest, acting_user=decider)
    if who == "moved away":
        Membership.objects.filter(user=decider).update(function="cs")
    if who == "deactivated":
        User.objects.filter(pk=decider.pk).update(is_active=False)
    earlier = len(story())

    with pytest.raises(NotAllowed) as refused:
        ATTEMPTS[action](change, decider)

    change.refresh_from_db()
    milestone.refresh_from_db()
    assert (change.state, change.decided_by, milestone.version, milestone.count) == ("pending", None, 1, 1)
    assert story()[earlier:] == [(decider.display_name, "refused")]
    line = AuditLine.objects.get(verb="refused")
    assert (line.object_id, line.reason, line.after) == (str(change.pk), str(refused.value), {"attempt": action})


def test_terms_that_changed_meanwhile_are_not_decided(
    milestone: Milestone, product: User, product_colleague: User
) -> None:
    change = propose(milestone, product)
    for attempt in ATTEMPTS.values():
        change.digest = STALE
        with pytest.raises(DomainError, match="changed while you were looking"):
            attempt(change, product_colleague)
    milestone.refresh_from_db()
    assert (ChangeRequest.objects.get().state, milestone.version) == ("pending", 1)


def test_a_second_decision_is_told_by_whom_and_when(
    milestone: Milestone, product: User, product_colleague: User
) -> None:
    third = PersonFactory(functions=[Function.PRODUCT])
    change = propose(milestone, product)
    verbs.approve(change.pk, digest=change.digest, acting_user=product_colleague)
    for attempt in ATTEMPTS.values():
        with pytest.raises(DomainError, match=r"^Pablo Reyes approved this on \d+ \w+ \d{4}, \d\d:\d\d UTC\."):
            attempt(change, third)
    milestone.refresh_from_db()
    assert milestone.version == 2


def test_applying_fails_when_live_moved_on(milestone: Milestone, product: User, product_colleague: User) -> None:
    third = PersonFactory(functions=[Function.PRODUCT])
    slow = propose(milestone, product, count=5)
    quick = propose(milestone, third, count=2)
    verbs.approve(quick.pk, digest=quick.digest, acting_user=product_colleague)

    with pytest.raises(LiveMovedOn, match="against version 1, and version 2 is live now"):
        verbs.approve(slow.pk, digest=slow.digest, acting_user=product_colleague)

    slow.refresh_from_db()
    milestone.refresh_from_db()
    assert (slow.state, slow.decided_by, milestone.count) == ("pending", None, 2)

    anew = verbs.edit(slow.pk, {"count": 5}, "Still five", digest=slow.digest, acting_user=product)
    assert (anew.base_version, anew.before["count"]) == (2, 2)
    verbs.approve(anew.pk, digest=anew.digest, acting_user=product_colleague)
    milestone.refresh_from_db()
    assert (milestone.count, milestone.version) == (5, 3)


def test_an_edit_needs_the_terms_that_were_seen(milestone: Milestone, product: User, cs: User) -> None:
    change = propose(milestone, product)
    with pytest.raises(DomainError, match="changed while you were looking"):
        verbs.edit(change.pk, {"count": 4}, "Four", digest=STALE, acting_user=cs)
    edited = verbs.edit(change.pk, {"count": 4}, "Four", digest=change.digest, acting_user=cs)
    assert (edited.proposed["count"], edited.reason, edited.digest != change.digest) == (4, "Four", True)
    assert {e.user for e in edited.editors.all()} == {product, cs}


def test_only_the_proposer_withdraws(milestone: Milestone, product: User, product_colleague: User) -> None:
    change = propose(milestone, product)
    with pytest.raises(NotAllowed):
        verbs.withdraw(change.pk, acting_user=product_colleague)
    assert verbs.withdraw(change.pk, acting_user=product).state == "withdrawn"
    with pytest.raises(DomainError, match="is withdrawn"):
        verbs.approve(change.pk, digest=change.digest, acting_user=product_colleague)
    assert [verb for _, verb in story()] == ["change_proposed", "refused", "change_withdrawn"]


@pytest.mark.parametrize(
    ("values", "reason"),
    [
        ({"count": 1}, "Nothing changes"),
        ({"count": 0}, "Never"),
        ({"count": True}, "Not a number"),
        ({"name": " "}, "No name"),
        ({"event_name": "x" * 201}, "Too long"),
        ({"within_days": 0}, "No window"),
        ({"status": "draft"}, "Back to draft"),
        ({"status": "paused"}, "No such status"),
        ({"count": 2}, "  "),
    ],
)
def test_what_makes_no_sense_is_not_proposed(
    milestone: Milestone, product: User, values: dict[str, Any], reason: str
) -> None:
    with pytest.raises(DomainError):
        verbs.propose_or_apply("milestone", milestone.pk, values, reason, acting_user=product)
    assert (ChangeRequest.objects.count(), AuditLine.objects.count()) == (0, 0)


def test_a_rejection_says_why(milestone: Milestone, product: User, product_colleague: User) -> None:
    change = propose(milestone, product)
    with pytest.raises(DomainError, match="Say why"):
        verbs.reject(change.pk, digest=change.digest, note=" ", acting_user=product_colleague)
    change.refresh_from_db()
    assert change.state == "pending"


def test_what_is_gone_cannot_be_changed(product: User) -> None:
    with pytest.raises(DomainError, match="no longer there"):
        verbs.propose_or_apply("milestone", 404, {"count": 2}, "Two", acting_user=product)


def test_anybody_comments_also_afterwards(milestone: Milestone, product: User, cs: User) -> None:
    change = propose(milestone, product)
    verbs.withdraw(change.pk, acting_user=product)
    verbs.comment(change.pk, "A pity", acting_user=cs)
    assert [(c.author, c.text) for c in change.comments.all()] == [(cs, "A pity")]
    assert story()[-1] == ("Cleo Martin", "change_commented")
