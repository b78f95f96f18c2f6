"""Refused records go in once the cause is mended: as they came, with their own time, and with their history."""

import json
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest
import time_machine
from django.test import Client
from django.utils import timezone

from accounts.contacts.erasure import erase
from accounts.intake.hooks.models import HookCall
from accounts.intake.hooks.signatures import hmac_base64
from accounts.intake.models import IntakeBatch, ProfileCall, RefusedItem
from accounts.intake.queries import totals
from accounts.intake.replaying import replay, replay_alike
from accounts.intake.waiting import take_in_waiting
from accounts.privacy.models import Consent
from accounts.records.models import Account, Contact, FeedbackScore, Ticket
from accounts.sources.models import Source, SourceKind
from accounts.sources.rules import Kind, Scheme
from accounts.sources.secrets import keep_secret
from loyalty.core.audit.models import AuditLine
from loyalty.core.errors import DomainError, NotAllowed
from loyalty.core.people.models import User
from tests.accounts.intake.hooks.conftest import SECRET
from tests.accounts.intake.hooks.test_adapters import NOW, change, ticket_event
from tests.factories import AccountFactory, ContactFactory, SourceFactory

pytestmark = pytest.mark.django_db
Tell = Callable[..., Any]
TICKET = {
    "external_id": "t-1",
    "updated_at": "2026-03-10T09:00:00Z",
    "account": "acme",
    "opened_at": "2026-03-09T08:00:00Z",
    "priority": "high",
}


def test_records_that_came_before_whom_they_are_about_go_in_by_themselves(tell: Tell) -> None:
    at = {"updated_at": "2026-03-10T09:00:00Z"}
    answer = {"kind": "nps", "score": 9, "at": "2026-03-10T09:00:00Z", "contact": "paul"}
    tell("ticket", TICKET)
    tell("consent", {"contact": "maria", "granted": False, "at": "2026-03-10T09:00:00Z"})
    tell("contact", {"external_id": "maria", "account": "acme", **at})
    ContactFactory(external_id="paul", account=AccountFactory(external_id="globex"))
    tell("feedback", [{"external_id": f"f-{name}", "account": name, **answer, **at} for name in ("beta", "acme")])
    assert [r.waits_for for r in RefusedItem.objects.order_by("id")] == ["acme", "maria", "acme", "beta", "acme"]
    assert take_in_waiting(now=timezone.now()) == []

    acme = AccountFactory(external_id="acme")
    assert take_in_waiting(now=timezone.now()) == [True, True, False]
    assert take_in_waiting(now=timezone.now()) == [True]

    maria = Contact.objects.get(external_id="maria")
    assert (Ticket.objects.get().account, maria.account) == (acme, acme)
    assert list(Consent.objects.values_list("contact", "granted")) == [(maria.pk, False)]
    left = RefusedItem.objects.filter(went_in_at=None).order_by("id").values_list("waits_for", "retried_reason")
    assert list(left) == [("beta", None), ("paul", "The contact paul belongs to another account.")]


def test_an_answer_about_the_account_where_its_contact_was_before(tell: Tell, desk: Source) -> None:
    acme, globex = AccountFactory(external_id="acme"), AccountFactory(external_id="globex")
    paul = ContactFactory(external_id="paul", account=globex)
    answer = {"account": "acme", "contact": "paul", "kind": "nps", "score": 9, "at": "2026-03-10T09:00:00Z"}
    times = {"updated_at": "2026-03-10T09:00:00Z"}
    tell("feedback", {"external_id": "f-1", **answer, **times})
    waiting = RefusedItem.objects.get()
    assert (waiting.waits_for, waiting.waits_as) == ("paul", "placed")
    assert waiting.reason == "The contact paul belongs to another account."

    told = {"source": desk, "call": "group", "payload": {}, "contact": paul, "account": acme}
    ProfileCall.objects.create(**told, message_id="late", occurred_at=datetime(2026, 3, 1, tzinfo=UTC))
    assert take_in_waiting(now=timezone.now()) == [True]
    tell("feedback", {"external_id": "f-2", **answer, **times})

    assert list(FeedbackScore.objects.values_list("account", "contact")) == [(acme.pk, paul.pk)] * 2


def test_what_changes_a_ticket_or_an_answer_may_come_before_it(tell: Tell, client: Client, desk: Source) -> None:
    AccountFactory(external_id="acme")
    answer = {"external_id": "f-1", "updated_at": "2026-03-11T09:00:00Z", "kind": "csat"}
    tell("ticket", {"external_id": "t-1", "updated_at": "2026-03-11T09:00:00Z", "priority": "low"})
    tell("feedback", answer)
    # A ticket that nobody will tell more of waits for nothing.
    tell("ticket", {name: value for name, value in TICKET.items() if name != "account"} | {"external_id": "t-2"})
    keep_secret(desk, Scheme.ZENDESK, "secret", acting_user=None)
    with time_machine.travel(NOW, tick=False):
        _zendesk(client, desk, {"satisfaction_rating": {"ticket_id": 35436, "score": "good", "updated_at": str(NOW)}})
    waiting = RefusedItem.objects.order_by("id").values_list("code", "waits_for", "waits_as")
    assert list(waiting) == [
        ("incomplete", "t-1", "ticket"),
        ("incomplete", "f-1", "feedback"),
        ("incomplete", "", ""),
        ("incomplete", "35436", "ticket"),
    ]
    assert take_in_waiting(now=timezone.now()) == []

    tell("ticket", [TICKET, TICKET | {"external_id": "35436"}])
    tell("feedback", answer | {"updated_at": "2026-03-10T09:00:00Z", "account": "acme", "score": 5, "at": str(NOW)})
    assert take_in_waiting(now=timezone.now()) == [True, True, True]
    told = Ticket.objects.order_by("external_id").values_list("external_id", "priority", "satisfaction")
    assert list(told) == [("35436", "high", 5), ("t-1", "low", None)]
    assert FeedbackScore.objects.values_list("kind", "score").get() == ("csat", 5)


def test_a_record_goes_in_once_its_account_is_there(tell: Tell, cs: User) -> None:
    tell("ticket", [TICKET, TICKET | {"external_id": "t-2"}], "msg-7")
    first = RefusedItem.objects.get(message_id="t-1")
    again = replay(first.pk, acting_user=cs)
    assert (again.went_in_at, again.retried_by, again.retried_reason) == (None, cs, first.reason)
    assert (RefusedItem.objects.count(), IntakeBatch.objects.count(), Ticket.objects.count()) == (2, 1, 0)

    acme = AccountFactory(external_id="acme")
    in_now = replay(first.pk, acting_user=cs)
    assert in_now.went_in_at == in_now.retried_at
    assert (in_now.code, in_now.reason, in_now.retried_reason) == ("not_placed", first.reason, "")
    assert list(Ticket.objects.values_list("external_id", "account_id", "priority")) == [("t-1", acme.pk, "high")]
    day = totals(timezone.now())[0]
    assert (day.accepted, day.duplicates, day.refused) == (1, 0, 1)
    assert HookCall.objects.get().answer["accepted"] == 0
    told = AuditLine.objects.filter(verb="replayed").order_by("id").values_list("actor_name", "object_label", "after")
    assert list(told) == [
        (cs.display_name, "ticket of Desk", {"went in": 0}),
        (cs.display_name, "ticket of Desk", {"went in": 1}),
    ]
    with pytest.raises(DomainError, match="gone in already"):
        replay(first.pk, acting_user=cs)


def test_what_is_newer_meanwhile_stays(tell: Tell, administrator: User) -> None:
    tell("ticket", TICKET)
    AccountFactory(external_id="acme")
    tell("ticket", TICKET | {"updated_at": "2026-03-12T00:00:00Z", "priority": "low"})
    item = replay(RefusedItem.objects.get().pk, acting_user=administrator)
    assert item.went_in_at is not None
    assert Ticket.objects.get().priority == "low"


def test_all_of_one_reason_from_every_webhook_of_the_source(
    tell: Tell, client: Client, desk: Source, administrator: User
) -> None:
    keep_secret(desk, Scheme.HUBSPOT, "client secret", acting_user=None)
    keep_secret(desk, Scheme.ZENDESK, "secret", acting_user=None)
    tell("ticket", TICKET)
    with time_machine.travel(NOW, tick=False):
        _hubspot(client, desk, [change("contact.propertyChange", "associatedcompanyid", "77")])
        _zendesk(client, desk, ticket_event("created"))
    codes = RefusedItem.objects.order_by("id").values_list("code", "batch__channel")
    assert list(codes) == [("not_placed", c) for c in ("webhook", "webhook hubspot", "webhook zendesk")]
    for external_id in ("acme", "77", "6607"):
        AccountFactory(external_id=external_id)
    assert replay_alike(RefusedItem.objects.earliest("id").pk, acting_user=administrator) == (3, 3)
    assert Contact.objects.get().account == Account.objects.get(external_id="77")
    assert sorted(Ticket.objects.values_list("external_id", "priority")) == [("35436", "urgent"), ("t-1", "high")]
    assert not RefusedItem.objects.filter(went_in_at=None).exists()


def test_a_source_that_became_the_system_of_record(tell: Tell, administrator: User) -> None:
    other = SourceFactory(name="Other desk", kinds=[])
    keep_secret(other, Scheme.STANDARD, SECRET, acting_user=None)
    AccountFactory(external_id="acme")
    tell("ticket", TICKET, source=other)
    SourceKind.objects.filter(kind=Kind.SUPPORT.value).update(is_active=False)
    SourceKind.objects.create(source=other, kind=Kind.SUPPORT.value)
    replay(RefusedItem.objects.get().pk, acting_user=administrator)
    assert Ticket.objects.get().external_id == "t-1"


def test_what_no_mending_helps_is_refused_again_with_its_reason(tell: Tell, administrator: User) -> None:
    tell("ticket", [7, [TICKET]])
    tell("nonsense", {})
    AccountFactory(external_id="acme")
    for item in RefusedItem.objects.all():
        again = replay(item.pk, acting_user=administrator)
        assert (again.went_in_at, again.retried_reason != "") == (None, True)
    assert (Ticket.objects.count(), RefusedItem.objects.count()) == (0, 3)


def test_another_body_under_a_used_id_is_for_its_sender(tell: Tell, administrator: User) -> None:
    AccountFactory(external_id="acme")
    tell("ticket", TICKET, "msg-1")
    assert tell("ticket", TICKET | {"priority": "low"}, "msg-1").status_code == 409
    with pytest.raises(DomainError, match="under one of its own"):
        replay(RefusedItem.objects.get().pk, acting_user=administrator)
    assert Ticket.objects.get().priority == "high"


def test_only_customer_success_and_administrators(tell: Tell, product: User, finance: User) -> None:
    tell("ticket", TICKET)
    AccountFactory(external_id="acme")
    item = RefusedItem.objects.get()
    for person in (product, finance):
        for act in (replay, replay_alike):
            with pytest.raises(NotAllowed, match="An administrator or Customer Success"):
                act(item.pk, acting_user=person)
    item.refresh_from_db()
    assert (item.retried_at, Ticket.objects.count(), AuditLine.objects.filter(verb="replayed").count()) == (None, 0, 0)


def test_on_the_page(tell: Tell, cs: User, product: User, signed_in_as: Callable[[User], Client]) -> None:
    tell("ticket", TICKET)
    AccountFactory(external_id="acme")
    page = f"/events/refused/{RefusedItem.objects.get().pk}/"
    others = signed_in_as(product).get(page).content.decode()
    assert "An administrator or Customer Success can send it again" in others
    assert "Send again</button>" not in others
    assert "It went in." in signed_in_as(cs).post(f"{page}replay", follow=True).content.decode()
    assert Ticket.objects.get().external_id == "t-1"


def test_of_somebody_erased_nothing_is_kept(tell: Tell, cs: User) -> None:
    erase(ContactFactory(external_id="dana", account=AccountFactory(external_id="acme")), acting_user=cs)
    dana = {"external_id": "dana", "updated_at": "2026-03-10T09:00:00Z"}
    tell("contact", [dana | {"email": "dana@acme.test"}, dana | {"email": 7, "name": "Dana Reyes"}])
    tell("feedback", dana | {"external_id": "f", "account": "acme", "contact": "dana", "score": 9, "at": "no time"})
    kept = RefusedItem.objects.values_list("code", "raw", "message_id")
    assert list(kept) == [("erased", "", "")] * 3
    assert "dana" not in json.dumps(list(RefusedItem.objects.values()), default=str).lower()


def _hubspot(client: Client, source: Source, events: list[dict[str, Any]]) -> None:
    body, stamp = json.dumps(events).encode(), str(int(datetime.now(UTC).timestamp() * 1000))
    address = f"/webhooks/hubspot/{source.pk}"
    signature = hmac_base64("client secret", f"POSThttp://testserver{address}".encode() + body + stamp.encode())
    headers = {"X-HubSpot-Signature-v3": signature, "X-HubSpot-Request-Timestamp": stamp}
    assert client.post(address, body, content_type="application/json", headers=headers).status_code == 200


def _zendesk(client: Client, source: Source, event: dict[str, Any]) -> None:
    body, stamp = json.dumps(event).encode(), NOW.isoformat()
    headers = {
        "X-Zendesk-Webhook-Signature": hmac_base64("secret", stamp.encode() + body),
        "X-Zendesk-Webhook-Signature-Timestamp": stamp,
    }
    address = f"/webhooks/zendesk/{source.pk}"
    assert client.post(address, body, content_type="application/json", headers=headers).status_code == 200
