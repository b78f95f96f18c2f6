"""The pages of webhooks: who may do what, a secret shown once, the log, and files that a spreadsheet opens safely."""

from collections.abc import Callable

import pytest
from django.test import Client

from loyalty.core.audit.models import AuditLine
from loyalty.core.people.models import User
from rewards.delivery.outgoing.models import Endpoint, EventDelivery
from rewards.delivery.outgoing.rules import EventType
from rewards.delivery.outgoing.sending import send_due
from tests.factories import AccountFactory
from tests.factories.grants import granted
from tests.rewards.delivery.receivers import Outside, endpoint

pytestmark = pytest.mark.django_db
SignIn = Callable[[User], Client]
TYPED = {"name": "Product", "url": "https://product.example/hook?token=abc", "types": ["grant.issued"]}


@pytest.mark.usefixtures("outside")
def test_made_in_the_browser_its_secret_is_shown_once(administrator: User, signed_in_as: SignIn) -> None:
    browser = signed_in_as(administrator)
    page = browser.post("/settings/webhooks/new", TYPED, follow=True).content.decode()
    made = Endpoint.objects.get()
    assert "whsec_" in page
    assert "whsec_" not in browser.get(f"/settings/webhooks/{made.pk}/").content.decode()
    assert "whsec_" not in str(list(AuditLine.objects.values_list("after", flat=True)))
    assert "token" not in str(list(AuditLine.objects.values_list("after", flat=True)))


@pytest.mark.usefixtures("outside")
def test_others_see_the_log_but_neither_the_whole_address_nor_a_button(
    administrator: User, cs: User, signed_in_as: SignIn
) -> None:
    signed_in_as(administrator).post("/settings/webhooks/new", TYPED)
    made, browser = Endpoint.objects.get(), signed_in_as(cs)
    page = browser.get(f"/settings/webhooks/{made.pk}/").content.decode()
    assert "product.example" in page
    assert "token=abc" not in page
    assert "Pause" not in page
    refused = [
        browser.post(f"/settings/webhooks/{made.pk}/{action}", {"reason": "x"}).status_code
        for action in ("pause", "resume", "secrets", "edit")
    ]
    assert refused == [403] * 4
    made.refresh_from_db()
    assert (made.state, made.secrets.count()) == ("active", 1)


def test_the_log_its_tries_and_sending_again(administrator: User, outside: Outside, signed_in_as: SignIn) -> None:
    made, _ = endpoint(administrator, "Product", EventType.GRANT_ISSUED)
    granted(account=AccountFactory(name="=1+1 Ltd"))
    send_due()
    sent, browser = EventDelivery.objects.get(), signed_in_as(administrator)
    page = browser.get(f"/settings/webhooks/deliveries/{sent.pk}/").content.decode()
    assert sent.event.message_id in page
    assert "Answered 200: ok" in page
    answer = browser.post(f"/settings/webhooks/deliveries/{sent.pk}/again", follow=True)
    assert "under the same message id" in answer.content.decode()
    assert send_due() == 1
    assert len(outside.got) == 2
    for name in (f"{made.pk}/?state=sent&format=csv", f"{made.pk}/?format=csv"):
        lines = b"".join(browser.get(f"/settings/webhooks/{name}").streaming_content).decode().splitlines()
        assert "'=1+1 Ltd" in lines[1]
    assert len(b"".join(browser.get("/settings/webhooks/?format=csv").streaming_content).splitlines()) == 2


@pytest.mark.usefixtures("outside")
def test_a_name_is_taken_once_and_an_edit_is_audited(administrator: User, signed_in_as: SignIn) -> None:
    endpoint(administrator, "CRM")
    made, _ = endpoint(administrator, "Product", EventType.GRANT_ISSUED)
    browser = signed_in_as(administrator)
    address = f"/settings/webhooks/{made.pk}/edit"
    assert browser.post(address, TYPED | {"name": "CRM"}).status_code == 422
    assert browser.post(address, TYPED | {"types": ["tier.changed"]}).status_code == 302
    made.refresh_from_db()
    assert (made.name, made.types) == ("Product", ["tier.changed"])
    assert AuditLine.objects.get(verb="edited").before["events"] == ["grant.issued"]


@pytest.mark.usefixtures("outside")
def test_another_path_at_the_same_host_is_audited_without_the_address(
    administrator: User, signed_in_as: SignIn
) -> None:
    browser = signed_in_as(administrator)
    browser.post("/settings/webhooks/new", TYPED)
    address = f"/settings/webhooks/{Endpoint.objects.get().pk}/edit"
    assert browser.post(address, TYPED).status_code == 302
    assert not AuditLine.objects.filter(verb="edited").exists()
    assert browser.post(address, TYPED | {"url": "https://product.example/hook?token=xyz"}).status_code == 302
    line = AuditLine.objects.get(verb="edited")
    assert [name for name in line.after if line.after[name] != line.before[name]] == ["fingerprint of the address"]
    assert "abc" not in str(line.before) + str(line.after)
    assert "xyz" not in str(line.before) + str(line.after)
