"""Sources and their keys: who may make them, and how long a key works."""

from datetime import timedelta

import pytest
import time_machine
from django.utils import timezone

from accounts.sources.models import Source, SourceKey, SourceKind
from accounts.sources.queries import Sender, record_of, sender_of
from accounts.sources.rules import Freshness, Kind, freshness, key_digest
from accounts.sources.verbs import create_source, expect_every, make_key, make_system_of_record, revoke_key
from loyalty.core.audit.models import AuditLine
from loyalty.core.errors import DomainError, NotAllowed
from loyalty.core.people.models import User
from tests.concurrency import at_once

pytestmark = pytest.mark.django_db


def works(key: str, in_hours: float = 0) -> bool:
    return isinstance(sender_of(key, now=timezone.now() + timedelta(hours=in_hours)), Sender)


def test_a_source_becomes_the_record_of_what_has_none(administrator: User) -> None:
    create_source("Product", [Kind.USAGE], acting_user=administrator)
    second = create_source("CDP", [Kind.USAGE, Kind.ACCOUNT], acting_user=administrator)
    assert (record_of(Kind.USAGE), record_of(Kind.ACCOUNT), record_of(Kind.SUPPORT)) == ("Product", "CDP", None)
    key = make_key(second, acting_user=administrator)
    assert sender_of(key, now=timezone.now()) == Sender(second.pk, "CDP", frozenset({Kind.ACCOUNT}))
    line = AuditLine.objects.filter(verb="source_created").latest("id")
    assert (line.actor, line.object_label) == (administrator, "CDP")
    assert line.after is not None
    assert line.after["system of record for"] == ["Accounts (CRM)"]


def test_a_name_is_taken_once(administrator: User) -> None:
    create_source("Product", [], acting_user=administrator)
    with pytest.raises(DomainError, match="called Product already"):
        create_source(" Product ", [], acting_user=administrator)
    assert Source.objects.count() == 1


def test_a_key_is_stored_as_a_digest_and_overlaps_with_the_next(administrator: User) -> None:
    source = create_source("Product", [Kind.USAGE], acting_user=administrator)
    first = make_key(source, acting_user=administrator)
    assert works(first, in_hours=24 * 365)
    second = make_key(source, acting_user=administrator)
    assert works(first, in_hours=23.9)
    assert not works(first, in_hours=24.1)
    assert works(second, in_hours=24 * 365)
    assert set(SourceKey.objects.values_list("digest", "hint")) == {(key_digest(k), k[-4:]) for k in (first, second)}
    told = [str(line.before) + str(line.after) for line in AuditLine.objects.all()]
    assert not [text for text in told if first in text or second in text]


def test_rotating_twice_does_not_lengthen_the_first_key(administrator: User) -> None:
    source = create_source("Product", [], acting_user=administrator)
    with time_machine.travel("2026-03-01T00:00:00Z", tick=False):
        first = make_key(source, acting_user=administrator)
        make_key(source, acting_user=administrator)
    with time_machine.travel("2026-03-01T12:00:00Z", tick=False):
        make_key(source, acting_user=administrator)
        assert works(first, in_hours=11.9)
        assert not works(first, in_hours=12)


def test_a_revoked_key_works_no_longer(administrator: User) -> None:
    source = create_source("Product", [], acting_user=administrator)
    key = make_key(source, acting_user=administrator)
    revoke_key(SourceKey.objects.get(), acting_user=administrator)
    assert not works(key)
    with pytest.raises(DomainError, match="no longer already"):
        revoke_key(SourceKey.objects.get(), acting_user=administrator)
    assert AuditLine.objects.filter(verb="source_key_revoked").count() == 1


@pytest.mark.parametrize("who", ["finance", "product", "cs"])
def test_only_administrators(who: str, request: pytest.FixtureRequest, administrator: User) -> None:
    person: User = request.getfixturevalue(who)
    source = create_source("Product", [Kind.USAGE], acting_user=administrator)
    key = make_key(source, acting_user=administrator)
    lines = AuditLine.objects.count()
    with pytest.raises(NotAllowed):
        create_source("Other", [], acting_user=person)
    with pytest.raises(NotAllowed):
        make_key(source, acting_user=person)
    with pytest.raises(NotAllowed):
        revoke_key(SourceKey.objects.get(), acting_user=person)
    assert works(key, in_hours=48)
    assert (Source.objects.count(), SourceKey.objects.count(), AuditLine.objects.count()) == (1, 1, lines)


@pytest.mark.django_db(transaction=True)
def test_two_administrators_do_not_make_two_systems_of_record() -> None:
    def create(name: str) -> object:
        return create_source(name, list(Kind), acting_user=None)

    results = at_once([lambda n=n: create(f"Source {n}") for n in range(6)])  # type: ignore[misc]
    assert [r for r in results if isinstance(r, Exception)] == []
    assert SourceKind.objects.filter(is_active=True).values("source").distinct().count() == 1
    assert SourceKind.objects.filter(is_active=True).count() == len(Kind)


@pytest.mark.parametrize(
    ("hours_ago", "expected"),
    [(None, Freshness.SILENT), (0, Freshness.FRESH), (24, Freshness.FRESH), (24.01, Freshness.STALE)],
)
def test_freshness(hours_ago: float | None, expected: Freshness) -> None:
    now = timezone.now()
    received = None if hours_ago is None else now - timedelta(hours=hours_ago)
    assert freshness(received, timedelta(days=1), now) is expected


def test_another_source_becomes_the_system_of_record(administrator: User) -> None:
    first = create_source("Desk", [Kind.SUPPORT], acting_user=None)
    second = create_source("New desk", [], acting_user=None)
    make_system_of_record(second, Kind.SUPPORT, acting_user=administrator)
    assert record_of(Kind.SUPPORT) == "New desk"
    assert list(SourceKind.objects.order_by("id").values_list("source", "kind", "is_active")) == [
        (first.pk, "support", False),
        (second.pk, "support", True),
    ]
    line = AuditLine.objects.latest("id")
    assert (line.verb, line.object_label) == ("source_record_set", "Support (tickets): New desk")
    assert (line.before, line.after) == ({"system of record": "Desk"}, {"system of record": "New desk"})
    with pytest.raises(DomainError, match="New desk is the system of record for Support"):
        make_system_of_record(second, Kind.SUPPORT, acting_user=administrator)
    make_system_of_record(second, Kind.USAGE, acting_user=administrator)
    assert AuditLine.objects.latest("id").before == {"system of record": None}


def test_only_administrators_say_whose_word_counts(cs: User) -> None:
    source = create_source("Desk", [], acting_user=None)
    lines = AuditLine.objects.count()
    with pytest.raises(NotAllowed):
        make_system_of_record(source, Kind.SUPPORT, acting_user=cs)
    with pytest.raises(NotAllowed):
        expect_every(source, timedelta(hours=1), acting_user=cs)
    source.refresh_from_db()
    assert (SourceKind.objects.count(), source.expected_every, AuditLine.objects.count()) == (
        0,
        timedelta(days=1),
        lines,
    )


def test_what_is_expected_is_set_and_told(administrator: User) -> None:
    source = create_source("Desk", [], acting_user=None)
    expect_every(source, timedelta(hours=6), acting_user=administrator)
    source.refresh_from_db()
    assert source.expected_every == timedelta(hours=6)
    line = AuditLine.objects.latest("id")
    assert (line.before, line.after) == (
        {"expected at least every": "24 hours"},
        {"expected at least every": "6 hours"},
    )


@pytest.mark.django_db(transaction=True)
def test_two_at_once_leave_one_system_of_record(administrator: User) -> None:
    sources = [create_source(f"Desk {n}", [], acting_user=None) for n in range(6)]
    at_once([lambda s=s: make_system_of_record(s, Kind.SUPPORT, acting_user=administrator) for s in sources])
    assert SourceKind.objects.filter(is_active=True).count() == 1
    assert SourceKind.objects.count() == 6
