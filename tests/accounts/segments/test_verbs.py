"""Making segments, versions of them, the shipped ones, and whom a change would touch."""

from datetime import UTC, datetime
from itertools import pairwise

import pytest

from accounts.conditions.queries import vocabulary
from accounts.conditions.rules.reading import BadRule, read_rule, written
from accounts.segments.changing import KIND
from accounts.segments.models import Segment
from accounts.segments.rules import NOT_FOR_SEGMENTS, too_many_warning
from accounts.segments.shipped import SHIPPED, ensure_shipped
from accounts.segments.verbs import create_segment, values_of, write_version
from loyalty.core.audit.models import AuditLine
from loyalty.core.changes.models import ChangeRequest
from loyalty.core.changes.verbs import approve, propose_or_apply
from loyalty.core.errors import DomainError, NotAllowed
from loyalty.core.people.models import User
from tests.factories import SegmentFactory

pytestmark = pytest.mark.django_db
RULE = {"op": "compare", "fact": "sign_ins_30", "is": ">=", "value": "20"}
DRAFT = {"name": "Regulars", "goal": "Keep them", "reward": "A badge", "priority": 7, "rule": RULE}


def test_cs_makes_a_draft(cs: User) -> None:
    made = create_segment(DRAFT, acting_user=cs)
    assert (made.key, made.status, made.version) == ("regulars", "draft", 1)
    assert values_of(made) == {**DRAFT, "status": "draft"}
    assert made.versions.get().version == 1
    line = AuditLine.objects.get()
    assert (line.verb, line.actor, line.after) == ("created", cs, {**DRAFT, "status": "draft"})
    assert create_segment(DRAFT, acting_user=cs).key == "regulars-2"
    assert create_segment({**DRAFT, "name": "שלום"}, acting_user=cs).key == "segment"


@pytest.mark.parametrize("who", ["finance", "product", "administrator"])
def test_nobody_else_makes_one(who: str, request: pytest.FixtureRequest) -> None:
    with pytest.raises(NotAllowed):
        create_segment(DRAFT, acting_user=request.getfixturevalue(who))
    assert (Segment.objects.count(), AuditLine.objects.count()) == (0, 0)


@pytest.mark.parametrize("fact", NOT_FOR_SEGMENTS)
def test_a_rule_cannot_speak_of_segments_or_tier(fact: str, cs: User) -> None:
    with pytest.raises(BadRule, match=f"There is no fact “{fact}”"):
        create_segment({**DRAFT, "rule": {"op": "unknown", "fact": fact}}, acting_user=cs)
    assert not Segment.objects.exists()


@pytest.mark.parametrize(
    ("values", "says"),
    [
        ({"name": " "}, "needs a name"),
        ({"goal": "x" * 201}, "Goal has at most 200"),
        ({"priority": 0}, "from 1"),
        ({"priority": True}, "from 1"),
        ({"priority": 100}, "from 1"),
    ],
)
def test_values_that_make_no_sense_are_refused(values: dict[str, object], says: str, cs: User) -> None:
    with pytest.raises(DomainError, match=says):
        create_segment({**DRAFT, **values}, acting_user=cs)
    assert not Segment.objects.exists()


def test_an_edit_of_a_draft_applies_at_once_and_of_a_live_one_is_asked_for(cs: User, cs_colleague: User) -> None:
    segment = create_segment(DRAFT, acting_user=cs)
    assert propose_or_apply(KIND, segment.pk, {"status": "live"}, "", acting_user=cs) is None
    change = propose_or_apply(KIND, segment.pk, {"priority": 2}, "First", acting_user=cs)
    segment.refresh_from_db()
    assert isinstance(change, ChangeRequest)
    assert (segment.priority, segment.status, segment.version) == (7, "live", 2)
    approve(change.pk, digest=change.digest, acting_user=cs_colleague)
    segment.refresh_from_db()
    assert (segment.priority, segment.version) == (2, 3)


def test_what_was_live_never_becomes_a_draft_again(cs: User) -> None:
    segment = SegmentFactory()
    with pytest.raises(DomainError, match="retire it instead"):
        propose_or_apply(KIND, segment.pk, {"status": "draft"}, "Away", acting_user=cs)
    assert not ChangeRequest.objects.exists()


def test_versions_keep_the_terms_of_their_time(cs: User) -> None:
    segment = create_segment(DRAFT, acting_user=cs)
    for priority in (2, 3):
        write_version(segment.pk, {**values_of(segment), "priority": priority}, cs, "Sooner")
    versions = list(segment.versions.order_by("version"))
    assert [(v.version, v.priority) for v in versions] == [(1, 7), (2, 2), (3, 3)]
    assert all(earlier.effective_at < later.effective_at for earlier, later in pairwise(versions))


def test_the_shipped_ones_are_made_once() -> None:
    since = datetime(2026, 1, 1, tzinfo=UTC)
    made = ensure_shipped(effective_at=since)
    assert [(m.name, m.priority, m.status) for m in made] == [(s.name, n, "live") for n, s in enumerate(SHIPPED, 1)]
    assert {m.versions.get().effective_at for m in made} == {since}
    assert [m.pk for m in ensure_shipped()] == [m.pk for m in made]
    assert (Segment.objects.count(), AuditLine.objects.count()) == (6, 6)


@pytest.mark.parametrize("shipped", SHIPPED, ids=lambda s: s.key)
def test_shipped_rules_are_written_as_the_language_writes_them(shipped: object) -> None:
    rule = shipped.rule  # type: ignore[attr-defined]
    assert written(read_rule(rule, vocabulary(without=NOT_FOR_SEGMENTS))) == rule


def test_a_seventh_active_segment_warns_and_is_not_forbidden(cs: User) -> None:
    assert too_many_warning(6) is None
    ensure_shipped()
    segment = create_segment(DRAFT, acting_user=cs)
    change = propose_or_apply(KIND, segment.pk, {"status": "live"}, "More", acting_user=cs)
    segment.refresh_from_db()
    assert change is None
    assert segment.status == "live"
    assert Segment.objects.filter(status="live").count() == 7
    assert str(too_many_warning(7)).startswith("7 segments would be active.")
