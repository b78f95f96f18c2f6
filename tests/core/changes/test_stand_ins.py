"""Deciding in the place of somebody who is away: with their seat, and never what either of them wrote."""

from collections.abc import Callable

import pytest
from django.test import Client

from loyalty.core.absence.models import Delegation
from loyalty.core.absence.seats import company_day
from loyalty.core.absence.verbs import delegate, end
from loyalty.core.audit.models import AuditLine
from loyalty.core.changes import verbs
from loyalty.core.changes.models import ChangeRequest
from loyalty.core.changes.queries import waiting_count
from loyalty.core.errors import DomainError, NotAllowed
from loyalty.core.notices.models import Notice
from loyalty.core.people.models import User
from tests.core.changes.test_pages import a_change

pytestmark = pytest.mark.django_db
SignIn = Callable[[User], Client]


def away(person: User, stand_in: User) -> Delegation:
    today = company_day()
    return delegate(stand_in.pk, today, today, "Holiday", acting_user=person)


def refused(change: ChangeRequest, person: User, words: str) -> None:
    for verb in (verbs.approve, verbs.reject, verbs.ask_for_changes):
        with pytest.raises(NotAllowed, match=words):
            verb(change.pk, digest=change.digest, note="No", acting_user=person)
    change.refresh_from_db()
    assert (change.state, change.decided_by, change.decided_for) == ("pending", None, None)
    assert AuditLine.objects.filter(verb="refused", actor=person, object_id=str(change.pk)).count() == 3
    assert waiting_count(person) == 0


def test_a_stand_in_decides_with_the_seat_of_who_is_away(
    cs: User, product: User, finance: User, signed_in_as: SignIn
) -> None:
    away(product, finance)
    change = a_change(cs)
    assert (waiting_count(finance), waiting_count(cs)) == (1, 0)
    assert set(Notice.objects.values_list("person", flat=True)) == {product.pk, finance.pk}
    client = signed_in_as(finance)
    assert "You decide in the place of Priya Shah." in client.get(f"/changes/{change.pk}/").content.decode()
    client.post(f"/changes/{change.pk}/decide", {"decision": "approve", "digest": change.digest})
    change.refresh_from_db()
    assert (change.state, change.decided_by, change.decided_for) == ("applied", finance, product)
    line = AuditLine.objects.get(verb="change_approved")
    assert line.after == {"terms": change.digest, "in the place of": "Priya Shah"}
    assert "Fay Okafor in the place of Priya Shah" in client.get(f"/changes/{change.pk}/").content.decode()


def test_own_seats_come_first(cs: User, product: User, product_colleague: User) -> None:
    away(product, product_colleague)
    change = a_change(cs)
    decided = verbs.reject(change.pk, digest=change.digest, note="No", acting_user=product_colleague)
    assert (decided.decided_by, decided.decided_for) == (product_colleague, None)


def test_the_stand_in_of_the_proposer(product: User, finance: User) -> None:
    change = a_change(product)
    away(product, finance)
    refused(change, finance, "Priya Shah, whom you stand in for, proposed this, so neither of you decides it")


def test_the_stand_in_of_an_editor(cs: User, product: User, finance: User) -> None:
    change = a_change(cs)
    change = verbs.edit(change.pk, {"count": 3}, "Three", digest=change.digest, acting_user=product)
    away(product, finance)
    refused(change, finance, "Priya Shah, whom you stand in for, wrote a version of this proposal")


def test_a_stand_in_who_proposed_it(cs: User, product: User) -> None:
    change = a_change(cs)
    away(product, cs)
    refused(change, cs, "Nobody decides their own proposal")


def test_taken_back_it_decides_no_longer(cs: User, product: User, finance: User) -> None:
    change = a_change(cs)
    end(away(product, finance).pk, acting_user=product)
    refused(change, finance, "Product decides this")


def test_an_edit_voids_it(cs: User, product: User, finance: User) -> None:
    away(product, finance)
    change = a_change(cs)
    day = company_day().replace(year=company_day().year + 1, day=1)
    change = verbs.set_day(change.pk, day, digest=change.digest, acting_user=cs)
    change = verbs.approve(change.pk, digest=change.digest, acting_user=finance)
    assert (change.state, change.decided_for) == ("approved", product)
    edited = verbs.edit(change.pk, {"count": 3}, "Three", digest=change.digest, acting_user=cs)
    assert (edited.state, edited.decided_by, edited.decided_for) == ("pending", None, None)
    with pytest.raises(DomainError, match="changed while you were looking"):
        verbs.approve(edited.pk, digest=change.digest, acting_user=finance)
