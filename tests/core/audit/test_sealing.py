"""Seals: batches in a chain, lines that commit late, and what a superuser does afterwards is named (fault row 20)."""

import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from datetime import timedelta
from io import StringIO

import pytest
from django.core.management import CommandError, call_command
from django.db import DatabaseError, connection, transaction
from django.test import Client
from django.utils import timezone

from loyalty.core.audit import sealing
from loyalty.core.audit.models import AuditLine, AuditSeal
from loyalty.core.audit.rules import AuditVerb
from loyalty.core.audit.sealing import check_seals, seal, seal_of
from loyalty.core.audit.verbs import record
from loyalty.core.people.models import User

pytestmark = pytest.mark.django_db


def tell(count: int = 1, label: str = "Thing") -> list[int]:
    for n in range(count):
        record(
            AuditVerb.EDITED, acting_user=None, object_type="cap", object_label=f"{label} {n}", after={"n": n, "é": [1]}
        )
    return list(AuditLine.objects.order_by("-id").values_list("pk", flat=True)[:count])[::-1]


@contextmanager
def as_superuser() -> Iterator[Callable[[str], None]]:
    """Statements of somebody who can switch the protection off."""
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        for table in ("core_auditline", "core_auditseal"):
            cursor.execute(f"ALTER TABLE {table} DISABLE TRIGGER append_only")
        yield cursor.execute
        for table in ("core_auditline", "core_auditseal"):
            cursor.execute(f"ALTER TABLE {table} ENABLE TRIGGER append_only")


def problems(**more: int) -> list[str]:
    return [problem.words for problem in check_seals(**more).problems]


@pytest.fixture
def lines(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """Ten lines in seals of four, four and two."""
    monkeypatch.setattr(sealing, "BATCH", 4)
    made = tell(10)
    assert seal() == 10
    return made


def test_a_chain_of_batches(lines: list[int]) -> None:
    seals = list(AuditSeal.objects.order_by("id"))
    assert [s.line_ids for s in seals] == [lines[:4], lines[4:8], lines[8:]]
    assert [s.previous for s in seals] == ["", seals[0].digest, seals[1].digest]
    assert seal() == 0
    checked = check_seals()
    assert (checked.lines, checked.seals, checked.unsealed, checked.problems) == (10, 3, 0, [])
    assert checked.last_digest == seals[2].digest
    tell()
    assert check_seals().unsealed == 1


@pytest.mark.parametrize(
    "change",
    [
        "reason = 'another'",
        "actor_name = 'Somebody'",
        "at = at + interval '1 microsecond'",
        "verb = 'created'",
        "object_id = '7'",
        "object_label = object_label || ' '",
        "after = jsonb_set(after, '{n}', '99')",
        "before = '{}'",
        "object_type = 'offer'",
    ],
)
def test_a_line_that_a_superuser_alters_is_named(lines: list[int], change: str) -> None:
    batch = AuditSeal.objects.order_by("id")[1]
    with as_superuser() as run:
        run(f"UPDATE core_auditline SET {change} WHERE id = {lines[5]}")
    assert problems() == [f"Line {lines[5]} does not say what it said when seal {batch.pk} was made"]


def test_a_line_that_is_taken_out_is_named(lines: list[int]) -> None:
    batch = AuditSeal.objects.order_by("id")[0]
    with as_superuser() as run:
        run(f"DELETE FROM core_auditline WHERE id = {lines[2]}")
    assert problems() == [f"Line {lines[2]} was deleted when seal {batch.pk} was made"]


def test_a_seal_made_fit_for_an_altered_line_is_named(lines: list[int]) -> None:
    batch = AuditSeal.objects.order_by("id")[1]
    with as_superuser() as run:
        run(f"UPDATE core_auditline SET reason = 'another' WHERE id = {lines[5]}")
        run(
            f"UPDATE core_auditseal SET line_digests[2] = (SELECT {sealing._DIGEST} FROM core_auditline a"
            f" WHERE a.id = {lines[5]}) WHERE id = {batch.pk}"
        )
    assert problems() == [f"Seal {batch.pk} was altered"]


def test_a_seal_that_is_taken_out_or_made_anew_tears_the_chain(lines: list[int]) -> None:
    first, second, third = AuditSeal.objects.order_by("id")
    with as_superuser() as run:
        run(f"UPDATE core_auditseal SET digest = repeat('0', 64) WHERE id = {first.pk}")
        assert problems() == [
            f"Seal {first.pk} was altered",
            f"Seal {second.pk} does not follow the seal before it: one was taken out",
        ]
        run(f"UPDATE core_auditseal SET digest = '{first.digest}' WHERE id = {first.pk}")
        run(f"DELETE FROM core_auditseal WHERE id = {second.pk}")
    assert f"Seal {third.pk} does not follow the seal before it: one was taken out" in problems()


@pytest.mark.parametrize("place", ["a number that was left out", "before all others"])
def test_a_line_that_is_slipped_in_is_named(lines: list[int], place: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT nextval('core_auditline_id_seq')")
        left_out = cursor.fetchone()[0]
    tell()
    assert seal() == 1
    with as_superuser() as run:
        run("UPDATE core_auditseal SET sealed_at = sealed_at - interval '2 days'")
    line = left_out if place == "a number that was left out" else -7
    record(AuditVerb.EDITED, acting_user=None, object_type="cap")
    with as_superuser() as run:
        run(f"UPDATE core_auditline SET id = {line} WHERE id > {left_out + 1}")
    assert (seal(), problems()) == (0, [f"Line {line} was slipped in later: no seal has it"])


def test_only_the_newest_seals_may_be_asked_for(lines: list[int]) -> None:
    with as_superuser() as run:
        run(f"UPDATE core_auditline SET reason = 'another' WHERE id IN ({lines[0]}, {lines[9]})")
    assert [p.line for p in check_seals(last=1).problems] == [lines[9]]
    assert [p.line for p in check_seals(last=3).problems] == [lines[0], lines[9]]
    assert check_seals(last=2).lines == 6


def test_the_command_seals_and_proves_or_names(lines: list[int]) -> None:
    tell()
    out = StringIO()
    call_command("check_audit", stdout=out)
    digest = AuditSeal.objects.order_by("-id")[0].digest
    assert out.getvalue() == f"Nothing was altered: 11 lines in 4 seals. Last digest: {digest}\n"
    call_command("check_audit", noted=digest, stdout=out)
    with pytest.raises(CommandError, match="1 things are not"):
        call_command("check_audit", noted="0" * 64, stdout=out)
    with as_superuser() as run:
        run(f"UPDATE core_auditline SET reason = 'another' WHERE id = {lines[3]}")
    out = StringIO()
    with pytest.raises(CommandError) as refused:
        call_command("check_audit", stdout=out)
    assert refused.value.returncode == 1
    assert f"Line {lines[3]} does not say what it said" in out.getvalue()


@pytest.mark.parametrize("statement", ["UPDATE core_auditseal SET digest = 'x'", "DELETE FROM core_auditseal"])
def test_nobody_rewrites_a_seal(lines: list[int], statement: str) -> None:
    with pytest.raises(DatabaseError, match="append-only"), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(statement)


def test_the_page_of_a_line_says_by_which_seal_it_is_kept(
    lines: list[int], finance: User, signed_in_as: Callable[[User], Client]
) -> None:
    (unsealed,) = tell()
    client = signed_in_as(finance)
    kept = seal_of(lines[4])
    assert kept is not None
    assert f"Kept by seal {kept.pk}" in client.get(f"/audit/{lines[4]}/").content.decode()
    assert "Not sealed yet" in client.get(f"/audit/{unsealed}/").content.decode()


@pytest.mark.django_db(transaction=True)
def test_a_line_whose_transaction_took_its_time_is_sealed_afterwards() -> None:
    written, may_commit = threading.Event(), threading.Event()

    def slow() -> None:
        try:
            with transaction.atomic():
                tell(label="Slow")
                written.set()
                may_commit.wait(20)
        finally:
            connection.close()

    with ThreadPoolExecutor(1) as pool:
        waiting = pool.submit(slow)
        assert written.wait(20)
        tell(label="Quick")
        assert seal() == 1
        may_commit.set()
        waiting.result()
    assert seal() == 1
    quick, slow_one = (AuditLine.objects.get(object_label=f"{name} 0").pk for name in ("Quick", "Slow"))
    assert slow_one < quick
    assert [s.line_ids for s in AuditSeal.objects.order_by("id")] == [[quick], [slow_one]]
    assert problems() == []


@pytest.mark.django_db(transaction=True)
def test_many_who_seal_while_many_write_make_one_chain() -> None:
    def work(n: int) -> int:
        try:
            tell(20, f"Writer {n}")
            return seal()
        finally:
            connection.close()

    with ThreadPoolExecutor(8) as pool:
        sealed = sum(pool.map(work, range(16)))
    assert sealed + seal() == 320
    assert sorted(line for s in AuditSeal.objects.all() for line in s.line_ids) == sorted(
        AuditLine.objects.values_list("pk", flat=True)
    )
    assert problems() == []
    assert check_seals(now=timezone.now() + timedelta(days=2)).problems == []
