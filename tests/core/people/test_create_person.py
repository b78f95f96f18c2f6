"""Making people."""

import pytest

from loyalty.core.audit.models import AuditLine
from loyalty.core.errors import DomainError, NotAllowed
from loyalty.core.people.models import User
from loyalty.core.people.permissions import holds_seat, is_member
from loyalty.core.people.rules import Function, split_name
from loyalty.core.people.verbs import create_person
from tests.factories.people import PASSWORD

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize(
    ("name", "parts"),
    [
        ("Priya Shah", ("Priya", "Shah")),
        ("  Priya   van der  Shah ", ("Priya", "van der Shah")),
        ("Madonna", ("Madonna", "")),
        ("", ("", "")),
    ],
)
def test_a_name_in_two_columns(name: str, parts: tuple[str, str]) -> None:
    assert split_name(name) == parts


def test_an_administrator_makes_a_person(administrator: User) -> None:
    person = create_person("priya", "Priya Shah", PASSWORD, [Function.PRODUCT, Function.CS], acting_user=administrator)
    person.refresh_from_db()
    assert (person.username, person.display_name, person.is_administrator) == ("priya", "Priya Shah", False)
    assert person.functions == {Function.PRODUCT, Function.CS}
    assert person.check_password(PASSWORD)
    line = AuditLine.objects.get()
    assert (line.verb, line.actor, line.object_label) == ("person_created", administrator, "Priya Shah")
    assert line.after == {
        "username": "priya",
        "functions": ["Customer Success", "Product"],
        "administrator": False,
    }


def test_the_set_up_makes_the_first_administrator(db: None) -> None:
    person = create_person("ada", "Ada", PASSWORD, [], is_administrator=True, acting_user=None)
    assert (person.is_administrator, person.is_superuser, person.functions) == (True, False, frozenset())
    assert AuditLine.objects.get().actor_name == "The programme"


def test_nobody_else_may(finance: User) -> None:
    with pytest.raises(NotAllowed):
        create_person("new", "New", PASSWORD, [], acting_user=finance)
    assert User.objects.get() == finance


@pytest.mark.parametrize(("username", "password"), [("ada", PASSWORD), ("new", "short"), ("new", "password1234")])
def test_taken_names_and_weak_passwords(administrator: User, username: str, password: str) -> None:
    with pytest.raises(DomainError):
        create_person(username, "New", password, [], acting_user=administrator)
    assert User.objects.get() == administrator
    assert AuditLine.objects.count() == 0


def test_a_seat_is_read_from_the_database_now(product: User, administrator: User) -> None:
    assert (is_member(product, Function.PRODUCT), holds_seat(product, Function.PRODUCT)) == (True, True)
    assert (is_member(product, Function.CS), holds_seat(product, Function.CS)) == (False, False)
    assert (is_member(administrator, Function.CS), holds_seat(administrator, Function.CS)) == (False, False)
    User.objects.filter(pk=product.pk).update(is_active=False)
    assert (is_member(product, Function.PRODUCT), holds_seat(product, Function.PRODUCT)) == (False, False)
