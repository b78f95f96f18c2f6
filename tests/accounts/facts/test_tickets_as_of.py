"""A ticket that is opened again, or rated later, leaves the days before as they were."""

from datetime import UTC, date, datetime
from decimal import Decimal
from itertools import permutations
from pathlib import Path
from typing import Any

import pytest
import time_machine

from accounts.facts.models import AccountFacts, FactsDirty
from accounts.facts.verbs import refresh, refresh_dirty
from accounts.intake.hooks import zendesk
from accounts.intake.hooks.reading import Reading, read_body
from accounts.intake.hooks.verbs import take_in_records
from accounts.records.models import Account, Ticket
from accounts.sources.queries import Sender
from accounts.sources.rules import Kind
from tests.accounts.files.files import take
from tests.factories import AccountFactory
from tests.factories.sources import SourceFactory

pytestmark = pytest.mark.django_db

NOW = datetime(2026, 4, 1, tzinfo=UTC)
FIRST, LAST = date(2026, 3, 1), date(2026, 3, 31)
HEADER = "ticket_id,account_id,submitted_at,closed_at,reopened_at,satisfaction_score,rated_at"
MOMENTS = ("closed_at", "turns", "satisfaction", "rated_at", "former_scores", "former_rated_at")
Told = list[tuple[int, Decimal | None]]


@pytest.fixture
def acme() -> Account:
    return AccountFactory(external_id="66")


@pytest.fixture
def desk() -> Sender:
    source = SourceFactory(name="Desk", kinds=[Kind.SUPPORT])
    return Sender(source.pk, source.name, frozenset({Kind.SUPPORT}), is_heard=False)


def day(number: int) -> datetime:
    return datetime(2026, 3, number, 9, tzinfo=UTC)


def served(account: Account) -> Told:
    """Open tickets and CSAT of each day of March, once all that is marked was worked out again."""
    while refresh_dirty(10, up_to=LAST):
        pass
    rows = AccountFacts.objects.filter(account=account).order_by("day")
    return list(rows.values_list("open_tickets", "csat_90"))


def import_at(number: int, path: Path, row: str, header: str = HEADER) -> str:
    with time_machine.travel(day(number), tick=False):
        return take(path, "support", f"{header}\n{row}\n")


def spans(*told: tuple[int, int, str | None]) -> Told:
    """(days, open tickets, CSAT) one after the other."""
    return [(opened, Decimal(csat) if csat else None) for days, opened, csat in told for _ in range(days)]


def test_files_that_date_what_came_later(acme: Account, tmp_path: Path) -> None:
    refresh([acme.pk], FIRST, LAST)
    import_at(10, tmp_path, "T-1,66,2026-03-01,2026-03-05,,,")
    assert served(acme) == spans((4, 1, None), (27, 0, None))

    import_at(21, tmp_path, "T-1,66,2026-03-01,,2026-03-20,2,2026-03-18")
    assert served(acme) == spans((4, 1, None), (13, 0, None), (2, 0, "2"), (12, 1, "2"))
    FactsDirty.objects.all().delete()
    assert "1 unchanged" in import_at(22, tmp_path, "T-1,66,2026-03-01,,2026-03-20,2,2026-03-18")

    for _ in range(2):
        import_at(28, tmp_path, "T-1,66,2026-03-01,2026-03-25,2026-03-20,2,2026-03-18")
        assert served(acme) == spans((4, 1, None), (13, 0, None), (2, 0, "2"), (5, 1, "2"), (7, 0, "2"))
    kept = served(acme)
    refresh([acme.pk], FIRST, LAST)
    assert served(acme) == kept


def test_a_file_that_only_says_that_it_is_open_says_so_of_today(acme: Account, tmp_path: Path) -> None:
    """A rating that nobody dated came with the first closing."""
    refresh([acme.pk], FIRST, LAST)
    header = HEADER.replace("reopened_at,", "").replace(",rated_at", "")
    import_at(10, tmp_path, "T-1,66,2026-03-01,2026-03-05,3", header)
    before = served(acme)
    assert before == spans((4, 1, None), (27, 0, "3"))

    for number in (21, 22):
        import_at(number, tmp_path, "T-1,66,2026-03-01,,3", header)
        assert served(acme) == [*before[:20], *spans((11, 1, "3"))]


def standard(at: int, **told: Any) -> Reading:
    item = {"external_id": "7", "account": "66", "opened_at": day(1).isoformat(), "updated_at": day(at).isoformat()}
    return read_body({"type": "ticket", "data": item | told}, NOW)


def trigger(at: int, status: str, score: str = "unoffered") -> Reading:
    told = {"id": 7, "created_at": day(1).isoformat(), "updated_at": day(at).isoformat(), "organization_id": 66}
    return zendesk.read({"ticket": told | {"status": status, "satisfaction_rating": {"score": score}}}, NOW)


RECORDS = [
    (2, standard(2, closed_at=None)),
    (6, standard(6, closed_at=day(5).isoformat())),
    (9, standard(9, closed_at=None)),
    (21, standard(21, satisfaction=2, rated_at=day(20).isoformat())),
    (25, standard(25, closed_at=day(25).isoformat(), satisfaction=2.0)),
]
TRIGGERS = [
    (2, trigger(2, "open")),
    (5, trigger(5, "solved")),
    (9, trigger(9, "open")),
    (20, trigger(20, "open", "bad")),
    (25, trigger(25, "solved", "bad")),
    (28, trigger(28, "closed", "bad")),
]


@pytest.mark.parametrize(("words", "csat"), [(RECORDS, "2"), (TRIGGERS, "1")], ids=["records", "Zendesk"])
def test_records_in_any_order_say_of_a_day_what_was_so_by_then(
    acme: Account, desk: Sender, words: list[tuple[int, Reading]], csat: str
) -> None:
    refresh([acme.pk], FIRST, LAST)
    told: Told = []
    for at, reading in words:
        take_in_records(desk, reading, webhook_id=None, body={}, now=NOW)
        before, told = told, served(acme)
        # What was told a day late counts from its own day.
        since = {6: 5, 21: 20}.get(at, at)
        assert told[: since - 1] == before[: since - 1] or not before
    assert told == spans((4, 1, None), (4, 0, None), (11, 1, None), (5, 1, csat), (7, 0, csat))

    stands = list(Ticket.objects.values_list(*MOMENTS))
    for order in (words[place:] + words[:place] for place in range(len(words))):
        Ticket.objects.all().delete()
        for _, reading in (*reversed(order), order[0]):
            take_in_records(desk, reading, webhook_id=None, body={}, now=NOW)
        assert list(Ticket.objects.values_list(*MOMENTS)) == stands


RATINGS = [
    (5, trigger(5, "solved", "bad")),
    (9, trigger(9, "solved", "good")),
    (12, trigger(12, "closed", "good")),
    (15, standard(15, satisfaction=None)),
    (20, trigger(20, "closed", "bad")),
]


def test_a_rating_that_is_changed_leaves_the_days_before_as_they_were_rated(acme: Account, desk: Sender) -> None:
    refresh([acme.pk], FIRST, LAST)
    told: Told = []
    for at, reading in RATINGS:
        take_in_records(desk, reading, webhook_id=None, body={}, now=NOW)
        before, told = told, served(acme)
        assert told[: at - 1] == before[: at - 1] or not before
    csat = spans((4, 1, None), (4, 0, "1"), (6, 0, "5"), (5, 0, None), (12, 0, "1"))
    assert told == csat

    for words in permutations(RATINGS):
        Ticket.objects.all().delete()
        for _, reading in words:
            take_in_records(desk, reading, webhook_id=None, body={}, now=NOW)
        assert Ticket.objects.values_list(*MOMENTS[2:]).get() == (
            Decimal(1),
            day(20),
            [Decimal(1), Decimal(5), None],
            [day(5), day(9), day(15)],
        )
    assert served(acme) == csat


def test_a_file_that_rates_anew_leaves_the_days_before_as_they_were_rated(acme: Account, tmp_path: Path) -> None:
    """By the time that it tells; where it tells none, from the day of the import on."""
    refresh([acme.pk], FIRST, LAST)
    undated = HEADER.replace("reopened_at,", "").replace(",rated_at", "")
    import_at(10, tmp_path, "T-1,66,2026-03-01,2026-03-05,,2,2026-03-07")
    for row, header, told in (
        ("2026-03-05,,5,2026-03-09", HEADER, ["2", "5"]),
        ("2026-03-05,1", undated, ["2", "5", "1"]),
        ("2026-03-05,", undated, ["2", "5", None]),
    ):
        for number in (21, 22):
            import_at(number, tmp_path, f"T-1,66,2026-03-01,{row}", header)
            first, second, third = [*told, told[-1]][:3]
            expected = spans((4, 1, None), (2, 0, None), (2, 0, first), (12, 0, second), (11, 0, third))
            assert served(acme) == expected


def test_records_go_on_from_what_files_told_of_ratings(acme: Account, desk: Sender, tmp_path: Path) -> None:
    import_at(10, tmp_path, "T-1,66,2026-03-01,2026-03-05,,2,2026-03-07")
    import_at(11, tmp_path, "T-1,66,2026-03-01,2026-03-05,,5,2026-03-09")
    told = {"external_id": "T-1", "updated_at": day(12).isoformat(), "satisfaction": 4}
    for _ in range(2):
        take_in_records(desk, read_body({"type": "ticket", "data": told}, NOW), webhook_id=None, body={}, now=NOW)
        assert [str(score) for score in Ticket.objects.values_list("former_scores", flat=True).get() or []] == [
            "2.0",
            "5.0",
        ]
        assert Ticket.objects.values_list("satisfaction", "rated_at").get() == (4, day(12))


def test_the_first_that_is_told_of_a_ticket_dates_its_rating_by_its_closing(acme: Account, desk: Sender) -> None:
    whole = {"closed_at": day(5).isoformat(), "satisfaction": 3}
    for at, rated_at in ((20, day(5)), (25, day(5)), (18, day(5)), (3, day(18))):
        said = standard(at, **whole) if at > 3 else standard(3)
        take_in_records(desk, said, webhook_id=None, body={}, now=NOW)
        if at > 3:
            assert Ticket.objects.get().rated_at == rated_at
    take_in_records(desk, standard(4, closed_at=None), webhook_id=None, body={}, now=NOW)
    assert Ticket.objects.get().rated_at == day(18)


def test_a_date_of_no_rating_is_refused() -> None:
    refusal = standard(9, rated_at=day(8).isoformat()).refused[0]
    assert (refusal.code, refusal.reason) == (
        "not_valid",
        "The record: Value error, rated_at needs satisfaction beside it.",
    )
