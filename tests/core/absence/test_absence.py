"""Handing one's decisions to somebody else for some days."""

from collections.abc import Callable
from datetime import date, timedelta

import pytest
from django.test import Client
from django.urls import reverse

from loyalty.core.absence.models import Delegation
from loyalty.core.absence.rules import Absence
from loyalty.core.absence.seats import company_day, functions_today, take_seat
from loyalty.core.absence.verbs import delegate, end
from loyalty.core.audit.models import AuditLine
from loyalty.core.errors import DomainError, NotAllowed
from loyalty.core.people.models import Membership, User
from loyalty.core.people.rules import Function
from tests.factories import PersonFactory

pytestmark = pytest.mark.django_db
TODAY = date(2026, 3, 2)


@pytest.mark.parametrize(
    ("starts", "ends", "words"),
    [
        (0, 0, ""),
        (-3, 0, ""),
        (5, 4, "last day lies before"),
        (-9, -1, "over"),
        (0, 91, ""),
        (0, 92, "at most 92 days"),
    ],
)
def test_days_that_make_sense(starts: int, ends: int, words: str) -> None:
    refusal = Absence(TODAY + timedelta(starts), TODAY + timedelta(ends)).refusal(TODAY)
    assert bool(refusal) == bool(words)
    assert words in refusal


@pytest.mark.parametrize(("starts", "ends", "shared"), [(0, 2, True), (2, 4, True), (-2, 0, True), (3, 4, False)])
def test_overlap(starts: int, ends: int, shared: bool) -> None:
    absence = Absence(TODAY, TODAY + timedelta(2))
    assert absence.overlaps(Absence(TODAY + timedelta(starts), TODAY + timedelta(ends))) is shared


def away(person: User, stand_in: User, first: int = 0, last: int = 0) -> Delegation:
    today = company_day()
    return delegate(stand_in.pk, today + timedelta(first), today + timedelta(last), "Holiday", acting_user=person)


def test_a_stand_in_decides_with_the_seat_of_who_is_away(finance: User, cs: User) -> None:
    made = away(finance, cs)
    assert functions_today(cs) == {Function.CS: cs, Function.FINANCE: finance}
    assert take_seat(cs, Function.FINANCE) == finance
    line = AuditLine.objects.get(verb="delegated")
    assert (line.actor, line.object_id, line.object_label) == (finance, str(made.pk), "Cleo Martin")


@pytest.mark.parametrize(("first", "last"), [(1, 3)], ids=["from tomorrow"])
def test_before_its_first_day_it_gives_no_seat(first: int, last: int, finance: User, cs: User) -> None:
    away(finance, cs, first, last)
    assert Function.FINANCE not in functions_today(cs)
    with pytest.raises(NotAllowed, match="belongs to Finance"):
        take_seat(cs, Function.FINANCE)


def test_taken_back_it_gives_no_seat_and_only_ones_own_can_be(finance: User, cs: User) -> None:
    made = away(finance, cs)
    with pytest.raises(NotAllowed, match="Only who handed"):
        end(made.pk, acting_user=cs)
    end(made.pk, acting_user=finance)
    end(made.pk, acting_user=finance)
    assert AuditLine.objects.filter(verb="delegation_ended").count() == 1
    with pytest.raises(NotAllowed):
        take_seat(cs, Function.FINANCE)


def test_who_lost_the_seat_lends_it_no_longer(finance: User, cs: User) -> None:
    away(finance, cs)
    Membership.objects.filter(user=finance).update(function=Function.PRODUCT.value)
    with pytest.raises(NotAllowed):
        take_seat(cs, Function.FINANCE)
    assert take_seat(cs, Function.PRODUCT) == finance


def test_who_is_deactivated_lends_it_no_longer(finance: User, cs: User) -> None:
    away(finance, cs)
    User.objects.filter(pk=finance.pk).update(is_active=False)
    with pytest.raises(NotAllowed):
        take_seat(cs, Function.FINANCE)


def test_what_was_handed_on_is_not_handed_on_again(finance: User, cs: User, product: User) -> None:
    away(finance, cs, 0, 3)
    away(cs, product, 5, 6)
    assert Function.FINANCE not in functions_today(product)
    with pytest.raises(DomainError, match="Cleo Martin is away then; Priya Shah stands in"):
        away(finance, cs, 5, 5)


def test_refusals_in_words(finance: User, cs: User, administrator: User) -> None:
    with pytest.raises(DomainError, match="Choose a colleague"):
        away(finance, finance)
    with pytest.raises(DomainError, match="nothing to hand on"):
        away(administrator, cs)
    User.objects.filter(pk=cs.pk).update(is_active=False)
    with pytest.raises(DomainError, match="Choose a colleague"):
        away(finance, cs)
    colleague = PersonFactory()
    away(finance, colleague, 0, 2)
    with pytest.raises(DomainError, match="stands in for you on some of these days already"):
        away(finance, colleague, 2, 3)
    assert Delegation.objects.count() == 1


def test_the_page_hands_on_and_takes_back(signed_in_as: Callable[[User], Client], finance: User, cs: User) -> None:
    client, today = signed_in_as(finance), company_day().isoformat()
    typed = {"stand_in": str(cs.pk), "starts_on": today, "ends_on": today, "reason": "Holiday"}
    assert client.post(reverse("absences"), typed).status_code == 302
    again = client.post(reverse("absences"), typed)
    assert again.status_code == 409
    assert "Cleo Martin stands in for you on some of these days already." in again.content.decode()
    made = Delegation.objects.get()
    assert signed_in_as(cs).post(reverse("absence-end", args=[made.pk])).status_code == 403
    assert client.post(reverse("absence-end", args=[made.pk])).status_code == 302
    lines = client.get(reverse("absences"), {"format": "csv"}).getvalue().decode("utf-8-sig").splitlines()
    assert lines[1].startswith("Fay Okafor,Cleo Martin,")
