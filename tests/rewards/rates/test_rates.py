"""Rates: what may be one, who keeps them, what a file does, and that nothing is translated by a guess."""

from collections.abc import Callable
from datetime import UTC, date, datetime
from decimal import Decimal

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.test import Client
from time_machine import travel

from loyalty.core.audit.models import AuditLine
from loyalty.core.changes.models import ChangeRequest
from loyalty.core.changes.verbs import approve
from loyalty.core.errors import DomainError, NotAllowed
from loyalty.core.people.models import User
from rewards.closing.models import ClosedMonth
from rewards.rates.models import UnitRate
from rewards.rates.queries import rates_of
from rewards.rates.rules import Rate, Rates, day_of, per_unit_of, unit_of
from rewards.rates.verbs import keep_rates, take_in

SignIn = Callable[[User], Client]
MARCH, APRIL = date(2026, 3, 1), date(2026, 4, 1)


@pytest.fixture(autouse=True)
def _in_november() -> object:
    with travel(datetime(2026, 11, 22, 10, tzinfo=UTC), tick=False):
        yield


def test_a_rate_holds_from_its_day_until_the_next_and_before_the_first_there_is_none() -> None:
    euro = Rates("EUR", "USD", [(APRIL, Decimal("1.10")), (MARCH, Decimal("1.005"))])
    assert [euro.on(day) for day in (MARCH, date(2026, 3, 31), APRIL)] == [
        Decimal("1.005"),
        Decimal("1.005"),
        Decimal("1.10"),
    ]
    assert euro.translated(Decimal("1.00"), MARCH) == Decimal("1.01")  # halves away from zero
    assert euro.translated(Decimal("-1.00"), MARCH) == Decimal("-1.01")
    with pytest.raises(DomainError, match=r"No rate of EUR is known for 28 Feb 2026\. Finance keeps the rates"):
        euro.translated(Decimal(5), date(2026, 2, 28))
    assert euro.translated(Decimal(0), date(2026, 2, 28)) == 0
    assert Rates("USD", "USD", []).translated(Decimal("5.00"), MARCH) == Decimal("5.00")
    with pytest.raises(DomainError, match="No rate of points is known"):
        Rates("PTS", "USD", []).on(MARCH)


@pytest.mark.parametrize("wrong", ["", "0", "-1", "NaN", "Infinity", "1e400", "1,08", "1.123456789", "1000001"])
def test_what_is_no_rate(wrong: str) -> None:
    with pytest.raises(DomainError, match="is no rate"):
        per_unit_of(wrong)


def test_what_is_no_unit_and_no_day() -> None:
    for wrong in ("", "EURO", "E1R", "ÄÖÜ"):
        with pytest.raises(DomainError, match="is no currency"):
            unit_of(wrong, "USD")
    with pytest.raises(DomainError, match="USD is the reporting currency"):
        unit_of("usd", "USD")
    with pytest.raises(DomainError, match="is no day"):
        day_of("14.11.2026")


@pytest.mark.django_db
def test_a_file_goes_in_but_for_what_is_refused_and_twice_is_once(finance: User) -> None:
    ClosedMonth.objects.create(month=MARCH, closed_at=datetime.now(UTC), closed_by=finance)
    text = (
        "unit,effective_on,per_unit,source\r\neur,2026-04-01,1.10,ECB\r\nEUR,2026-03-31,1.09,ECB\r\n"
        "EUR,2026-11-23,1.2,ECB\r\nPTS,2026-11-01,0.01,\r\nEUR,2026-05-01,x,\r\nGBP,2026-11-22,1.30,\r\n"
    )
    found = take_in(text, acting_user=finance)
    assert (found.kept, found.same) == (2, 0)
    assert [line for line, _ in found.refused] == [3, 4, 5, 6]
    assert [words.split(":")[0] for _, words in found.refused] == [
        "Mar 2026 is closed",
        "23 Nov 2026 is yet to come",
        "What a point is worth is decided by a change request, not taken in.",
        "“x” is no rate",
    ]
    again = take_in(text, acting_user=finance)
    assert (again.kept, again.same, len(again.refused)) == (0, 2, 4)
    assert list(UnitRate.objects.values_list("unit", "per_unit", "source")) == [
        ("EUR", Decimal("1.10000000"), "ECB"),
        ("GBP", Decimal("1.30000000"), "File"),
    ]
    with pytest.raises(DomainError, match="no column per_unit"):
        take_in("unit,effective_on\n", acting_user=finance)


@pytest.mark.django_db
def test_only_finance_keeps_rates_and_the_attempt_is_told(cs: User, administrator: User) -> None:
    for person in (cs, administrator):
        with pytest.raises(NotAllowed):
            keep_rates([Rate("EUR", MARCH, Decimal("1.1"), "Me")], acting_user=person)
    assert UnitRate.objects.count() == 0
    assert [line.actor for line in AuditLine.objects.filter(verb="refused").order_by("id")] == [cs, administrator]


@pytest.mark.django_db
def test_what_a_point_is_worth_is_decided_by_another_of_finance(
    finance: User, finance_colleague: User, signed_in_as: SignIn
) -> None:
    client = signed_in_as(finance)
    form = {"per_unit": "0.01", "effective_on": "2026-12-01", "reason": "A cent a point"}
    past = client.post("/liability/rates/points", form | {"effective_on": "2026-11-21"})
    assert past.status_code == 409
    assert "A rate of points holds from today (22 Nov 2026)" in past.content.decode()
    client.post("/liability/rates/points", form)
    change = ChangeRequest.objects.get()
    assert change.impact == ["Customers hold 0 points: worth $0.00 instead of an unknown sum."]
    assert UnitRate.objects.count() == 0
    approve(change.pk, digest=change.digest, acting_user=finance_colleague)
    assert rates_of("PTS").on(date(2026, 12, 1)) == Decimal("0.01")
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT unit_rate('PTS', 'USD', '2026-11-30'), unit_rate('PTS', 'USD', '2027-01-01'),"
            " unit_rate('USD', 'USD', '2020-01-01')"
        )
        assert cursor.fetchone() == (None, Decimal("0.01000000"), 1)


@pytest.mark.django_db
def test_the_page_keeps_takes_in_and_tells_what_is_wrong(finance: User, cs: User, signed_in_as: SignIn) -> None:
    client = signed_in_as(finance)
    form = {"unit": "eur", "effective_on": "2026-11-20", "per_unit": "1.08", "source": "ECB"}
    assert client.post("/liability/rates/keep", form).status_code == 302
    wrong = client.post("/liability/rates/keep", form | {"per_unit": "none"})
    assert wrong.status_code == 422
    assert 'value="none"' in wrong.content.decode()
    file = SimpleUploadedFile("rates.csv", b"unit,effective_on,per_unit\nEUR,2026-11-21,1.09\nEUR,2027-01-01,1\n")
    told = client.post("/liability/rates/file", {"file": file})
    assert told.status_code == 422
    assert "1 kept, 0 stood already, 1 refused:" in told.content.decode()
    assert "Line 3: 1 Jan 2027 is yet to come" in told.content.decode()
    rows = b"".join(client.get("/liability/rates/?format=csv").streaming_content).decode().splitlines()  # type: ignore[arg-type]
    assert [row.split(",")[:3] for row in rows[1:]] == [
        ["EUR", "2026-11-20", "1.08000000"],
        ["EUR", "2026-11-21", "1.09000000"],
    ]
    denied = signed_in_as(cs)
    assert "Take the file in" not in denied.get("/liability/rates/").content.decode()
    assert denied.post("/liability/rates/keep", form | {"per_unit": "9"}).status_code == 403
    assert UnitRate.objects.filter(per_unit=9).count() == 0
