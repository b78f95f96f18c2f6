"""What people typed stands beside the audit's lines: found with them, proved by them, and only names can go."""

from collections.abc import Callable

import pytest
from django.db import DatabaseError, connection, transaction
from django.db.models import Q
from django.test import Client

from loyalty.core.audit.models import AuditLine, TypedWords
from loyalty.core.audit.rules import AuditVerb
from loyalty.core.audit.sealing import check_seals, seal
from loyalty.core.audit.typed import strike_typed
from loyalty.core.audit.verbs import record
from loyalty.core.people.models import User

pytestmark = pytest.mark.django_db


@pytest.fixture
def line(finance: User) -> AuditLine:
    record(
        AuditVerb.OFFER_COMMENTED,
        acting_user=finance,
        object_type="offer",
        object_id=7,
        object_label="Credit",
        typed=" Ask Jane_Roe: 100% hers ",
    )
    record(AuditVerb.OFFER_LAPSED, acting_user=None, object_type="offer", object_id=8, object_label="Ask")
    seal()
    return AuditLine.objects.get(object_id="7")


def strike() -> None:
    of_offers = AuditLine.objects.filter(object_type="offer")
    strike_typed(of_offers, Q(text__icontains="jane"), lambda text: text.replace("Jane_Roe", "(erased)"))


def test_it_is_found_beside_the_line_until_it_is_struck(
    line: AuditLine, finance: User, signed_in_as: Callable[[User], Client]
) -> None:
    client = signed_in_as(finance)

    def found(words: str) -> list[str]:
        return [row.object_id for row, _ in client.get("/audit/", {"q": words}).context["rows"]]

    assert (line.reason, line.why) == ("", "Ask Jane_Roe: 100% hers")
    assert [found(words) for words in ("ask", "jane", "fay cred jane", "fay credit", "lapse jane")] == [
        ["8", "7"],
        ["7"],
        ["7"],
        ["7"],
        [],
    ]
    assert "Ask Jane_Roe: 100% hers" in b"".join(client.get("/audit/?q=jane&format=csv")).decode()  # type: ignore[arg-type]
    strike()
    assert (found("jane"), found("hers")) == ([], ["7"])
    assert check_seals().problems == []


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE core_typedwords SET text = 'Ask nobody', salt = '', struck_at = now()",
        "UPDATE core_typedwords SET text = 'Ask JaneXRoe: 100 hers', salt = '', struck_at = now()",
        "UPDATE core_typedwords SET text = 'Ask (erased): 100% hers'",
        "UPDATE core_typedwords SET salt = 'x'",
        "DELETE FROM core_typedwords",
    ],
)
def test_nothing_but_striking_is_let_through(statement: str, line: AuditLine) -> None:
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        with pytest.raises(DatabaseError, match="nothing else"), transaction.atomic():
            cursor.execute(statement)
    strike()
    strike()
    kept = TypedWords.objects.get()
    assert (kept.text, kept.salt, kept.digest) == ("Ask (erased): 100% hers", "", line.typed_id)


def test_whoever_lifts_the_protection_is_found_out(line: AuditLine) -> None:
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        cursor.execute("ALTER TABLE core_typedwords DISABLE TRIGGER only_strike")
        cursor.execute("UPDATE core_typedwords SET text = 'Ask nobody'")
        cursor.execute("ALTER TABLE core_typedwords ENABLE TRIGGER only_strike")
    assert [problem.words for problem in check_seals().problems] == [
        f"Line {line.pk} does not have the words that were typed"
    ]
