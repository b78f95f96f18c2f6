"""The page of a contact."""

from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from accounts.privacy.models import Consent, Erasure
from accounts.usage.models import ContactDay
from loyalty.core.people.models import User
from tests.factories import AccountFactory, ContactFactory, EventFactory, OfferFactory

pytestmark = pytest.mark.django_db


def test_without_consent_nothing_that_they_did_is_shown(cs: User, signed_in_as: Callable[[User], Client]) -> None:
    contact = ContactFactory()
    EventFactory(account=contact.account, contact=contact, name="Secret Habit")
    client = signed_in_as(cs)
    page = client.get(f"/accounts/contacts/{contact.pk}/").content.decode()
    assert "No consent is on record" in page
    assert "Secret Habit" not in page
    assert (
        contact.name
        not in client.get(f"/accounts/{contact.account_id}/").content.decode().partition("Latest events")[2]
    )


def test_with_consent_the_page_shows_what_they_did(cs: User, signed_in_as: Callable[[User], Client]) -> None:
    contact = ContactFactory(consents=True)
    EventFactory(account=contact.account, contact=contact, name="Custom Report Generated")
    ContactDay.objects.create(
        account=contact.account, contact=contact, day=timezone.now().date(), events=3, key_actions=1
    )
    page = signed_in_as(cs).get(f"/accounts/contacts/{contact.pk}/").content.decode()
    assert "1 key action and 3 events on 1 of the last 90 days" in page
    assert "Custom Report Generated" in page


def test_consent_is_written_down_in_the_browser(cs: User, signed_in_as: Callable[[User], Client]) -> None:
    contact, client = ContactFactory(), signed_in_as(cs)
    address = f"/accounts/contacts/{contact.pk}/consent"
    wrong = client.post(address, {"granted": "yes", "policy_version": "me@here"})
    assert (wrong.status_code, Consent.objects.count()) == (422, 0)
    client.post(address, {"granted": "yes", "policy_version": "2026-03"})
    told = Consent.objects.get()
    assert (told.granted, told.policy_version, told.source, told.told_by) == (True, "2026-03", "cs", cs)


@pytest.mark.parametrize(("path", "data"), [("role", {"role": "champion"}), ("consent", {"granted": "yes"})])
def test_others_are_refused(
    path: str, data: dict[str, str], finance: User, signed_in_as: Callable[[User], Client]
) -> None:
    contact = ContactFactory()
    data = data | {"policy_version": "1"}
    assert signed_in_as(finance).post(f"/accounts/contacts/{contact.pk}/{path}", data).status_code == 403
    contact.refresh_from_db()
    assert (contact.role, Consent.objects.count()) == ("user", 0)


def test_the_offers_of_a_contact_are_those_addressed_to_them(cs: User, signed_in_as: Callable[[User], Client]) -> None:
    contact = ContactFactory(consents=True)
    OfferFactory(account=contact.account, contact=contact, reward_name="Theirs")
    OfferFactory(account=contact.account, reward_name="Nobody's")
    page = signed_in_as(cs).get(f"/offers/account/{contact.account_id}/contact/{contact.pk}/").content.decode()
    assert "Theirs" in page
    assert "Nobody&#x27;s" not in page


def test_whoever_is_not_there_is_not_found(cs: User, signed_in_as: Callable[[User], Client]) -> None:
    assert signed_in_as(cs).get("/accounts/contacts/4711/").status_code == 404


def test_all_contacts_of_an_account_are_listed_searched_and_taken_along(
    cs: User, signed_in_as: Callable[[User], Client]
) -> None:
    account, client = AccountFactory(), signed_in_as(cs)
    others = [ContactFactory(account=account, name=f"Contact {n:03}", external_id=f"u{n}") for n in range(60)]
    buyer = ContactFactory(account=account, name="Zoe", role="economic_buyer", email="zoe@x.example", consents=True)
    ContactFactory(name="Contact elsewhere")
    Erasure.objects.create(contact=others[1])
    kept = [buyer, others[0], *others[2:]]

    def listed(query: str) -> Any:
        return client.get(f"/accounts/{account.pk}/contacts/{query}")

    first = listed("")
    page = first.context["page"]
    assert page.rows + listed(page.next_url).context["page"].rows == kept
    assert "25 of 60 are shown" in client.get(f"/accounts/{account.pk}/").content.decode()
    assert listed("?q=ZOE@").context["page"].rows == [buyer]
    assert "No contact matches" in listed("?q=nobody%00").content.decode()
    lines = b"".join(listed("?format=csv&q=zoe").streaming_content).decode("utf-8-sig").splitlines()
    assert lines == [
        "contact,external_id,email,role,consents",
        f"Zoe,{buyer.external_id},zoe@x.example,economic buyer,yes",
    ]
    assert client.get("/accounts/999999/contacts/").status_code == 404
