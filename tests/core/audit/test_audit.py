"""The audit: append-only, told in words, found again."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime

import pytest
from django.db import DatabaseError, ProgrammingError, connection, transaction
from django.db.backends.utils import CursorWrapper
from django.test import Client
from time_machine import travel

from loyalty.core.audit.models import AuditLine
from loyalty.core.audit.rules import TITLES, AuditVerb, Difference, differences, title, value_in_words
from loyalty.core.audit.verbs import record
from loyalty.core.people.models import User

SignIn = Callable[[User], Client]


@contextmanager
def role(cursor: CursorWrapper, name: str) -> Iterator[None]:
    """Act as another role of the database."""
    cursor.execute(f"SET ROLE {name}")
    yield
    cursor.execute("RESET ROLE")


def tell(verb: AuditVerb, who: User | None, label: str, **more: object) -> AuditLine:
    record(verb, acting_user=who, object_type="milestone", object_label=label, **more)  # type: ignore[arg-type]
    return AuditLine.objects.order_by("-id")[0]


def test_every_verb_has_a_title() -> None:
    assert set(TITLES) == set(AuditVerb)
    approved = title(AuditVerb.CHANGE_APPROVED, "Priya Shah", "Change to X", "change")
    assert approved == "Priya Shah approved: Change to X"
    assert title(AuditVerb.SIGN_IN_FAILED, "The programme", "fay {0}", "person") == "A sign-in as “fay {0}” failed"


@pytest.mark.parametrize(
    ("verb", "kind", "label", "words"),
    [
        (AuditVerb.CREATED, "milestone", "First report", "Fay made the milestone “First report”"),
        (AuditVerb.EDITED, "cap", "Programme", "Fay edited the cap “Programme”"),
        (AuditVerb.CREATED, "file upload", "accounts.csv", "Fay made the file upload “accounts.csv”"),
        (AuditVerb.EDITED, "fit_rule", "No discounts", "Fay edited the fit rule “No discounts”"),
        (AuditVerb.EDITED, "key_actions", "Key actions", "Fay edited “Key actions”"),
        (AuditVerb.EDITED, "retention", "Retention of raw events", "Fay edited “Retention of raw events”"),
        (AuditVerb.CREATED, "segment", "{0}", "Fay made the segment “{0}”"),
    ],
)
def test_what_was_made_or_edited_is_told_with_its_kind(verb: AuditVerb, kind: str, label: str, words: str) -> None:
    assert title(verb, "Fay", label, kind) == words


@pytest.mark.parametrize(
    ("value", "words"),
    [
        (None, "—"),
        ("", "—"),
        (True, "yes"),
        (0, "0"),
        ("$300.00", "$300.00"),
        (["CS", "Finance"], "CS, Finance"),
        ([], "none"),
        ({"cap_left": "$3.00", "hard": False}, "cap left: $3.00; hard: no"),
    ],
)
def test_values_in_words(value: object, words: str) -> None:
    assert value_in_words(value) == words


def test_differences() -> None:
    assert differences({"count": 1, "name": "A"}, {"count": 2, "version": 2}) == [
        Difference("Count", "1", "2"),
        Difference("Name", "A", "—"),
        Difference("Version", "—", "2"),
    ]
    assert differences(None, None) == []


@pytest.mark.django_db
@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE core_auditline SET reason = 'other'",
        "DELETE FROM core_auditline",
        "TRUNCATE core_auditline",
    ],
)
def test_nobody_rewrites_it_not_even_the_owner(statement: str, finance: User) -> None:
    tell(AuditVerb.CREATED, finance, "X")
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        with pytest.raises(DatabaseError, match="append-only"), transaction.atomic():
            cursor.execute(statement)
    assert AuditLine.objects.get().reason == ""


@pytest.mark.django_db
@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE core_auditline SET reason = 'other'",
        "DELETE FROM core_auditline",
        "TRUNCATE core_auditline",
        "ALTER TABLE core_auditline DISABLE TRIGGER append_only",
        "DROP TABLE core_auditline",
        "SET session_replication_role = replica",
    ],
)
def test_the_applications_role_may_not_even_try(statement: str, finance: User) -> None:
    tell(AuditVerb.CREATED, finance, "X")
    refused = pytest.raises(ProgrammingError, match="permission denied|must be owner")
    with connection.cursor() as cursor, role(cursor, "loyalty_app"), refused, transaction.atomic():
        cursor.execute(statement)
    assert AuditLine.objects.get().reason == ""


@pytest.mark.django_db
class TestSearch:
    @pytest.fixture(autouse=True)
    def _lines(self, finance: User, product: User) -> None:
        with travel(datetime(2026, 3, 1, 23, 59, tzinfo=UTC)):
            self.first = tell(AuditVerb.CREATED, product, "First report", after={"count": 1})
        with travel(datetime(2026, 3, 2, 0, 0, tzinfo=UTC)):
            self.second = tell(AuditVerb.EDITED, finance, "Cap", before={"limit": "$1.00"}, after={"limit": "$2.00"})
        with travel(datetime(2026, 3, 3, 12, 0, tzinfo=UTC)):
            self.third = tell(AuditVerb.CREATED, None, "Offer", reason="=A reason")

    def found(self, client: Client, query: str) -> list[int]:
        return [line.pk for line, _ in client.get(f"/audit/?{query}").context["rows"]]

    def test_by_who_what_words_and_day(self, finance: User, product: User, signed_in_as: SignIn) -> None:
        client = signed_in_as(finance)
        first, second, third = self.first.pk, self.second.pk, self.third.pk
        assert self.found(client, "") == [third, second, first]
        assert self.found(client, f"who={product.pk}") == [first]
        assert self.found(client, "who=programme") == [third]
        assert self.found(client, "verb=created") == [third, first]
        assert self.found(client, "q=report") == [first]
        assert self.found(client, "q=Okafor") == [second]
        assert self.found(client, "q=fay+oka") == [second]
        assert self.found(client, "q=fay+report") == []
        assert self.found(client, "q=%27%3A*+%26+%7C%21") == []
        assert self.found(client, "since=2026-03-02") == [third, second]
        assert self.found(client, "until=2026-03-01") == [first]
        assert self.found(client, "since=2026-03-02&until=2026-03-02") == [second]
        assert self.found(client, "object_type=milestone&object_id=7") == []

    @pytest.mark.parametrize(
        "query", ["who=nobody", "since=yesterday", "verb=x", "after=%00", "open=99999999999999", f"open={'9' * 5000}"]
    )
    def test_what_cannot_be_read_is_left_out(self, query: str, finance: User, signed_in_as: SignIn) -> None:
        assert len(self.found(signed_in_as(finance), query)) == 3

    def test_a_line_beside_the_list(self, finance: User, signed_in_as: SignIn) -> None:
        text = signed_in_as(finance).get(f"/audit/?open={self.second.pk}").content.decode()
        assert "Fay Okafor edited the milestone “Cap”" in text
        assert '<del class="before">$1.00</del>' in text
        assert '<ins class="after">$2.00</ins>' in text
        fragment = signed_in_as(finance).get(f"/audit/{self.second.pk}/", headers={"HX-Request": "true"})
        assert fragment.content.decode().startswith(f'<section data-row="{self.second.pk}"')

    def test_csv(self, finance: User, signed_in_as: SignIn) -> None:
        lines = b"".join(signed_in_as(finance).get("/audit/?q=reason&format=csv")).decode().splitlines()
        assert len(lines) == 2
        assert lines[1] == (
            f"{self.third.pk},2026-03-03T12:00:00+00:00,The programme,created,The programme made the milestone “Offer”,"
            "Offer,milestone,,,,'=A reason"
        )

    def test_pages(self, finance: User, signed_in_as: SignIn) -> None:
        for n in range(60):
            tell(AuditVerb.CREATED, finance, f"Thing {n}")
        client = signed_in_as(finance)
        page = client.get("/audit/").context["page"]
        rest = client.get(f"/audit/{page.next_url}").context["page"]
        assert (len(page.rows), len(rest.rows), page.rows[-1].pk > rest.rows[0].pk) == (50, 13, True)
