"""Champion and economic buyer: suggested from use, decided by Customer Success."""

from collections.abc import Callable
from datetime import date, timedelta

import pytest
from django.test import Client
from django.utils import timezone

from accounts.contacts.queries import roles, suggested_champion
from accounts.contacts.verbs import set_role
from accounts.records.models import Account, Contact
from accounts.records.rules import ContactRole
from accounts.usage.models import ContactDay
from loyalty.core.audit.models import AuditLine
from loyalty.core.errors import DomainError, NotAllowed
from loyalty.core.people.models import User
from tests.factories import AccountFactory, ContactFactory

pytestmark = pytest.mark.django_db
DAY = date(2026, 3, 31)


def use(contact: Contact, day: date, *, events: int, key_actions: int) -> None:
    ContactDay.objects.create(
        account_id=contact.account_id, contact=contact, day=day, events=events, key_actions=key_actions
    )


@pytest.fixture
def account() -> Account:
    return AccountFactory(name="Acme")


def test_who_acts_most_in_ninety_days_is_suggested_if_they_consent(account: Account) -> None:
    silent, best, other = (ContactFactory(account=account, consents=c) for c in (None, True, True))
    withdrawn = ContactFactory(account=account, consents=False)
    for contact, key_actions in ((silent, 9), (best, 3), (other, 2), (withdrawn, 8)):
        use(contact, DAY - timedelta(days=89), events=10, key_actions=key_actions)
    use(other, DAY - timedelta(days=90), events=50, key_actions=50)
    use(other, DAY + timedelta(days=1), events=50, key_actions=50)
    found = suggested_champion(account, DAY)
    assert found is not None
    assert (found.contact, found.use.key_actions, found.use.events, found.use.days) == (best, 3, 10, 1)
    assert not found.is_confirmed


def test_nobody_is_suggested_without_use(account: Account) -> None:
    ContactFactory(account=account, consents=True)
    assert suggested_champion(account, DAY) is None


def test_there_is_one_champion_and_the_audit_knows_no_name(account: Account, cs: User) -> None:
    earlier = ContactFactory(account=account, name="Old Champion", role="champion")
    buyer = ContactFactory(account=account, role="economic_buyer")
    chosen = ContactFactory(account=account, name="Jane Roe")
    set_role(chosen, ContactRole.CHAMPION, acting_user=cs)
    held = roles(account, DAY)
    assert (held.champion, held.buyer) == (chosen, buyer)
    earlier.refresh_from_db()
    assert earlier.role == "user"
    line = AuditLine.objects.get(verb="contact_role_set")
    assert (line.object_label, line.before, line.after) == (
        "a contact of Acme",
        {"role": "user", "champion before": f"contact {earlier.pk}"},
        {"role": "champion"},
    )


@pytest.mark.parametrize("who", ["finance", "product", "administrator"])
def test_only_customer_success_decides(who: str, account: Account, request: pytest.FixtureRequest) -> None:
    contact = ContactFactory(account=account)
    with pytest.raises(NotAllowed):
        set_role(contact, ContactRole.CHAMPION, acting_user=request.getfixturevalue(who))
    contact.refresh_from_db()
    assert (contact.role, AuditLine.objects.count()) == ("user", 0)


def test_what_makes_no_sense_is_refused_in_words(account: Account, cs: User) -> None:
    with pytest.raises(DomainError, match="at no account"):
        set_role(ContactFactory(account=None), ContactRole.CHAMPION, acting_user=cs)
    with pytest.raises(DomainError, match="champion already"):
        set_role(ContactFactory(account=account, role="champion"), ContactRole.CHAMPION, acting_user=cs)


def test_the_account_page_suggests_and_customer_success_confirms(
    account: Account, cs: User, product: User, signed_in_as: Callable[[User], Client]
) -> None:
    best = ContactFactory(account=account, name="Jane Roe", consents=True)
    use(best, timezone.now().date(), events=5, key_actions=2)
    address = f"/accounts/{account.pk}/"
    assert "Confirm as champion" not in signed_in_as(product).get(address).content.decode()
    client = signed_in_as(cs)
    page = client.get(address).content.decode()
    assert "2 key actions and 5 events on 1 day" in page
    assert "Confirm as champion" in page
    client.post(f"/accounts/contacts/{best.pk}/role", {"role": "champion"})
    best.refresh_from_db()
    assert best.role == "champion"
    assert "Suggested as champion" not in client.get(address).content.decode()
