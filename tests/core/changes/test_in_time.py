"""Drafts, days from which a change holds, requests that nobody decides, and bringing back what stood before."""

from datetime import UTC, date, datetime, timedelta

import pytest
from django.conf import LazySettings
from time_machine import travel

from accounts.milestones.models import Milestone
from loyalty.core.audit.models import AuditLine
from loyalty.core.changes import verbs
from loyalty.core.changes.carrying_out import carry_out_due
from loyalty.core.changes.models import ChangeRequest
from loyalty.core.changes.rules import OPEN_FOR
from loyalty.core.errors import DomainError, NotAllowed
from loyalty.core.notices.models import Notice
from loyalty.core.people.models import User
from tests.factories import MilestoneFactory

pytestmark = pytest.mark.django_db
NOW = datetime(2026, 3, 10, 9, 0, tzinfo=UTC)
DAY = date(2026, 3, 20)
NONE = {"changes that hold now": 0, "changes that nobody decided": 0}


@pytest.fixture
def milestone(db: None) -> Milestone:
    return MilestoneFactory(name="First report")


@pytest.fixture
def change(milestone: Milestone, product: User) -> ChangeRequest:
    with travel(NOW, tick=False):
        made = verbs.propose_or_apply("milestone", milestone.pk, {"count": 2}, "Two", acting_user=product)
    assert made is not None
    return made


@pytest.fixture
def dated(change: ChangeRequest, product: User, product_colleague: User) -> ChangeRequest:
    """Approved, and to hold from DAY."""
    with travel(NOW, tick=False):
        change = verbs.set_day(change.pk, DAY, digest=change.digest, acting_user=product)
        return verbs.approve(change.pk, digest=change.digest, acting_user=product_colleague)


def story() -> list[tuple[str, str]]:
    return list(AuditLine.objects.order_by("id").values_list("actor_name", "verb"))


def told(person: User) -> list[str]:
    return list(Notice.objects.filter(person=person).order_by("id").values_list("words", flat=True))


def test_an_approved_change_waits_for_its_day(
    dated: ChangeRequest, milestone: Milestone, product: User, settings: LazySettings
) -> None:
    settings.COMPANY_TIME_ZONE = "America/New_York"
    assert (dated.state, dated.applied_at) == ("approved", None)
    with travel(datetime(2026, 3, 20, 3, 59, tzinfo=UTC), tick=False):
        assert carry_out_due() == NONE
    milestone.refresh_from_db()
    assert milestone.version == 1
    with travel(datetime(2026, 3, 20, 4, 0, tzinfo=UTC), tick=False):
        assert carry_out_due() == NONE | {"changes that hold now": 1}
        assert carry_out_due() == NONE
    milestone.refresh_from_db()
    dated.refresh_from_db()
    assert (milestone.count, milestone.version, dated.state) == (2, 2, "applied")
    assert story()[-3:] == [
        ("Pablo Reyes", "change_approved"),
        ("Pablo Reyes", "edited"),
        ("Pablo Reyes", "change_applied"),
    ]
    assert told(product) == [
        "Change to First report was approved; it holds from 20 Mar 2026 by Pablo Reyes",
        "Change to First report was approved and applied by Pablo Reyes",
    ]


def test_on_its_day_it_fails_when_live_has_moved_on_and_that_is_told_once(
    dated: ChangeRequest, milestone: Milestone, product: User, product_colleague: User, cs: User
) -> None:
    with travel(NOW, tick=False):
        other = verbs.propose_or_apply("milestone", milestone.pk, {"count": 5}, "Five", acting_user=cs)
        assert other is not None
        verbs.approve(other.pk, digest=other.digest, acting_user=product_colleague)
    with travel(NOW + timedelta(days=11), tick=False):
        assert carry_out_due() == carry_out_due() == NONE
    milestone.refresh_from_db()
    dated.refresh_from_db()
    assert (milestone.count, dated.state) == (5, "approved")
    words = [line for line in told(product) if "could not be applied" in line]
    assert len(words) == 1
    assert "against version 1, and version 2 is live now" in words[0]
    with travel(NOW + timedelta(days=10) + OPEN_FOR + timedelta(days=1), tick=False):
        assert carry_out_due() == NONE | {"changes that nobody decided": 1}
    dated.refresh_from_db()
    assert dated.state == "expired"


@pytest.mark.parametrize("how", ["edit", "day"])
def test_an_edit_voids_the_approval(
    dated: ChangeRequest, milestone: Milestone, product: User, product_colleague: User, how: str
) -> None:
    with travel(NOW, tick=False):
        if how == "edit":
            verbs.edit(dated.pk, {"count": 3}, "Three", digest=dated.digest, acting_user=product)
        else:
            verbs.set_day(dated.pk, None, digest=dated.digest, acting_user=product)
    dated.refresh_from_db()
    assert (dated.state, dated.decided_by, dated.decided_at) == ("pending", None, None)
    with travel(NOW + timedelta(days=11), tick=False):
        assert carry_out_due() == NONE
    milestone.refresh_from_db()
    assert milestone.version == 1
    assert told(product_colleague)[-1] == "Change to First report waits for you"


def test_who_sets_the_day_no_longer_decides(change: ChangeRequest, product_colleague: User) -> None:
    with travel(NOW, tick=False):
        change = verbs.set_day(change.pk, DAY, digest=change.digest, acting_user=product_colleague)
        with pytest.raises(NotAllowed):
            verbs.approve(change.pk, digest=change.digest, acting_user=product_colleague)


@pytest.mark.parametrize("day", [NOW.date(), NOW.date() - timedelta(days=1)])
def test_a_day_that_has_come_is_not_set(change: ChangeRequest, product: User, day: date) -> None:
    with travel(NOW, tick=False), pytest.raises(DomainError, match="has come already"):
        verbs.set_day(change.pk, day, digest=change.digest, acting_user=product)
    change.refresh_from_db()
    assert change.effective_on is None


def test_what_nobody_decides_is_closed_and_told(change: ChangeRequest, product: User, product_colleague: User) -> None:
    with travel(NOW + OPEN_FOR, tick=False):
        assert carry_out_due() == NONE
    with travel(NOW + OPEN_FOR + timedelta(seconds=1), tick=False):
        assert carry_out_due() == NONE | {"changes that nobody decided": 1}
    assert story()[-1] == ("The programme", "change_expired")
    assert told(product) == ["Change to First report was closed, since nobody decided it in time"]
    with pytest.raises(DomainError, match="is expired"):
        verbs.approve(change.pk, digest=change.digest, acting_user=product_colleague)


def test_changes_are_asked_for_and_made(change: ChangeRequest, product: User, product_colleague: User) -> None:
    with pytest.raises(DomainError, match="Say what"):
        verbs.ask_for_changes(change.pk, digest=change.digest, note=" ", acting_user=product_colleague)
    verbs.ask_for_changes(change.pk, digest=change.digest, note="Rather three", acting_user=product_colleague)
    change.refresh_from_db()
    assert (change.state, [c.text for c in change.comments.all()]) == ("changes_requested", ["Rather three"])
    assert told(product) == ["Pablo Reyes asks for changes in Change to First report: Rather three"]
    with pytest.raises(DomainError, match="is changes requested"):
        verbs.approve(change.pk, digest=change.digest, acting_user=product_colleague)
    anew = verbs.edit(change.pk, {"count": 3}, "Three", digest=change.digest, acting_user=product)
    verbs.approve(anew.pk, digest=anew.digest, acting_user=product_colleague)
    assert ChangeRequest.objects.get().state == "applied"


def test_what_stood_before_comes_back_by_a_request_of_its_own(
    change: ChangeRequest, milestone: Milestone, product: User, product_colleague: User, cs: User
) -> None:
    verbs.approve(change.pk, digest=change.digest, acting_user=product_colleague)
    draft = verbs.restore(change.pk, "Two was too much", acting_user=cs)
    assert (draft.state, draft.proposed["count"], draft.base_version) == ("draft", 1, 2)
    milestone.refresh_from_db()
    assert (milestone.count, told(product_colleague)[1:]) == (2, [])
    with pytest.raises(DomainError, match="is draft"):
        verbs.approve(draft.pk, digest=draft.digest, acting_user=product)
    with pytest.raises(NotAllowed):
        verbs.submit(draft.pk, digest=draft.digest, acting_user=product)
    draft = verbs.submit(draft.pk, digest=draft.digest, acting_user=cs)
    assert told(product)[-1] == "Change to First report waits for you"
    verbs.approve(draft.pk, digest=draft.digest, acting_user=product)
    milestone.refresh_from_db()
    assert (milestone.count, milestone.version) == (1, 3)
    assert [verb for _, verb in story()][-5:] == [
        "refused",
        "change_proposed",
        "change_approved",
        "edited",
        "change_applied",
    ]
    with pytest.raises(DomainError, match="Nothing would change"):
        verbs.restore(change.pk, "Again", acting_user=cs)


def test_a_draft_that_live_has_overtaken_is_submitted_against_what_is_live(
    change: ChangeRequest, milestone: Milestone, product: User, product_colleague: User, cs: User
) -> None:
    verbs.approve(change.pk, digest=change.digest, acting_user=product_colleague)
    draft = verbs.restore(change.pk, "Two was too much", acting_user=cs)
    other = verbs.propose_or_apply("milestone", milestone.pk, {"count": 7}, "Seven", acting_user=cs)
    assert other is not None
    verbs.approve(other.pk, digest=other.digest, acting_user=product)
    draft = verbs.submit(draft.pk, digest=draft.digest, acting_user=cs)
    assert (draft.base_version, draft.before["count"], draft.proposed["count"]) == (3, 7, 1)


def test_only_what_was_applied_is_taken_back(change: ChangeRequest, cs: User) -> None:
    with pytest.raises(DomainError, match="Only what was applied"):
        verbs.restore(change.pk, "Back", acting_user=cs)
