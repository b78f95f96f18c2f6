"""The rewards API: what an account holds, and redeeming it once for each idempotency key."""

import json
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.conf import LazySettings
from django.db import connection
from django.test import Client
from django.utils import timezone

from accounts.intake import quota
from accounts.privacy.verbs import record_consent
from accounts.records.models import Account
from accounts.tiers.models import Tier, TierMove
from loyalty.core.audit.models import AuditLine
from loyalty.core.people.models import User
from rewards.delivery.api.keys import make_key
from rewards.delivery.api.models import ApiKey, Redemption
from rewards.delivery.outgoing.models import OutgoingEvent
from rewards.delivery.outgoing.rules import EventType
from rewards.ledger.models import Posting
from rewards.ledger.reconciliation import check
from rewards.offers import delivering
from rewards.offers.delivering import Watch
from rewards.offers.handing import decline, deliver, lapse_unaccepted
from rewards.offers.models import Grant, Offer
from rewards.offers.rules import UNDO_WINDOW
from tests.factories import AccountFactory, ContactFactory, RewardFactory
from tests.factories.grants import granted
from tests.rewards.delivery.receivers import endpoint

pytestmark = pytest.mark.django_db
Ask = Callable[..., Any]


@pytest.fixture
def key(administrator: User) -> str:
    return make_key("Product", may_redeem=True, acting_user=administrator)


@pytest.fixture
def account() -> Account:
    return AccountFactory(external_id="acme/eu", name="Acme")


def redeem(key: str, idempotency: str | None, **body: Any) -> Any:
    headers = {"Authorization": f"Bearer {key}"} | ({"Idempotency-Key": idempotency} if idempotency else {})
    return Client().post("/v1/redemptions", json.dumps(body), content_type="application/json", headers=headers)


def rewards_of(key: str, external_id: str) -> Any:
    return Client().get(f"/v1/accounts/{external_id}/rewards", headers={"Authorization": f"Bearer {key}"})


def credit(account: Account, amount: str = "100.00", days: int = 30) -> Any:
    return granted(amount, account=account, issued_on=timezone.now().date(), days=days)


def test_what_an_account_holds(key: str, account: Account, cs: User) -> None:
    today = timezone.now().date()
    gold = Tier.objects.create(key="gold", name="Gold")
    TierMove.objects.create(account=account, tier=gold, is_up=True, day=today, version=1, cause="facts", fires=False)
    held = credit(account)
    a_pass = RewardFactory(kind="feature_pass", is_credit=False, face_value=Decimal(0), name="Pass", key="pass")
    passed = granted("0.00", account=account, reward=a_pass, issued_on=today, days=7)
    gone = granted("0.00", account=account, reward=a_pass, issued_on=today - timedelta(days=9), days=7)
    unwanted, unanswered = credit(account, "5.00"), granted("0.00", account=account, reward=a_pass, issued_on=today)
    Offer.objects.filter(grant=unanswered).update(answer_days=0)
    for grant in (held, unwanted, unanswered):
        deliver(grant.offer_id, acting_user=cs)
    decline(unwanted.offer_id, note="No", acting_user=cs)
    assert lapse_unaccepted(today + timedelta(days=2)) == 1
    credit(AccountFactory(), "1.00")
    told = rewards_of(key, "acme/eu").json()
    assert told["account"] == {"external_id": "acme/eu", "name": "Acme"}
    assert told["tier"] == {"key": "gold", "name": "Gold", "since": today.isoformat()}
    assert told["credit"] == [{"amount": "100.00", "currency": "USD"}]
    assert [(o["id"], o["open_until"]) for o in told["offers"]] == [(held.offer_id, held.expires_on.isoformat())]
    assert [(g["id"], g["left"]) for g in told["grants"]] == [
        (passed.pk, None),
        (held.pk, {"amount": "100.00", "currency": "USD"}),
    ]
    assert gone.pk not in [g["id"] for g in told["grants"]]


def test_an_offer_names_its_contact_as_long_as_they_consent(key: str, account: Account, cs: User) -> None:
    ada, pip = ContactFactory(account=account, consents=True), ContactFactory(account=account)
    for contact in (ada, pip):
        deliver(granted(account=account, contact=contact, informed=pip, days=900).offer_id, acting_user=cs)
    assert [offer["contact"] for offer in rewards_of(key, "acme/eu").json()["offers"]] == [None, ada.external_id]
    assert set(Offer.objects.values_list("contact", "informed")) == {(ada.pk, None), (None, None)}
    record_consent(ada, granted=False, policy_version="1", now=timezone.now(), acting_user=cs)
    assert [offer["contact"] for offer in rewards_of(key, "acme/eu").json()["offers"]] == [None, None]


def test_the_same_again_gets_the_same_answer(key: str, account: Account) -> None:
    credit(account)
    body = {"account": "acme/eu", "amount": "7.00", "invoice": "INV-1"}
    first = redeem(key, "k1", **body)
    redeem(key, "k2", **body)
    again = redeem(key, "k1", **(body | {"amount": "7", "currency": "USD"}))
    assert first.status_code == again.status_code == 200
    assert first.json() == again.json()
    assert first.json()["left"] == {"amount": "93.00", "currency": "USD"}
    assert Posting.objects.filter(kind="redeem").count() == 2


def test_another_body_under_the_same_key_is_409_and_names_the_difference(key: str, account: Account) -> None:
    credit(account)
    redeem(key, "k1", account="acme/eu", amount="7.00", invoice="INV-1")
    answer = redeem(key, "k1", account="acme/eu", amount="8.00", invoice="INV-1")
    assert (answer.status_code, answer.json()["code"]) == (409, "other_body")
    assert "amount was “7.00”, now “8.00”" in answer.json()["message"]
    assert "invoice" not in answer.json()["message"]
    assert Redemption.objects.count() == 1


def test_not_enough_keeps_nothing_and_may_be_sent_again(key: str, account: Account) -> None:
    credit(account, "5.00")
    body = {"account": "acme/eu", "amount": "7.00", "invoice": "INV-1"}
    refused = redeem(key, "k1", **body)
    assert (refused.status_code, refused.json()["code"]) == (422, "not_redeemable")
    assert Redemption.objects.count() == 0
    credit(account, "5.00")
    assert redeem(key, "k1", **body).json()["left"]["amount"] == "3.00"


@pytest.mark.parametrize(
    ("status", "code", "idempotency", "body"),
    [
        (400, "no_idempotency_key", None, {"account": "acme/eu", "amount": "1.00", "invoice": "I"}),
        (400, "no_idempotency_key", "x" * 101, {"account": "acme/eu", "amount": "1.00", "invoice": "I"}),
        (404, "no_account", "k", {"account": "nobody", "amount": "1.00", "invoice": "I"}),
        (400, "malformed", "k", {"account": "acme/eu"}),
        (400, "malformed", "k", {"account": "acme/eu", "amount": "1.00"}),
        (400, "malformed", "k", {"account": "acme/eu", "amount": "0.00", "invoice": "I"}),
        (400, "malformed", "k", {"account": "acme/eu", "amount": "-1.00", "invoice": "I"}),
        (400, "malformed", "k", {"account": "acme/eu", "amount": "1.001", "invoice": "I"}),
        (400, "malformed", "k", {"account": "acme/eu", "amount": "NaN", "invoice": "I"}),
        (400, "malformed", "k", {"account": "acme/eu", "amount": "1.00", "invoice": "I", "grant": 1}),
        (400, "malformed", "k", {"account": "acme/eu", "amount": "1.00", "invoice": "I", "note": "x"}),
        (400, "malformed", "k", {"account": "a\0", "amount": "1.00", "invoice": "I"}),
        (422, "not_redeemable", "k", {"account": "acme/eu", "amount": "1.00", "invoice": "I", "currency": "CHF"}),
        (422, "not_redeemable", "k", {"account": "acme/eu", "grant": 2**62}),
    ],
)
def test_what_is_refused(
    status: int, code: str, idempotency: str | None, body: dict[str, Any], key: str, account: Account
) -> None:
    credit(account)
    answer = redeem(key, idempotency, **body)
    assert (answer.status_code, answer.json()["code"]) == (status, code)
    assert Posting.objects.filter(kind="redeem").count() == 0


def test_keys_that_do_not_work_or_may_not(key: str, account: Account, administrator: User) -> None:
    credit(account)
    body = {"account": "acme/eu", "amount": "1.00", "invoice": "I"}
    reader = make_key("Portal", may_redeem=False, acting_user=administrator)
    assert rewards_of(reader, "acme/eu").status_code == 200
    assert [redeem(given, "k", **body).status_code for given in (reader, "lr_wrong", "")] == [403, 401, 401]
    assert rewards_of(key, "nobody").status_code == 404
    assert Posting.objects.filter(kind="redeem").count() == 0


def test_a_key_is_limited(key: str, account: Account, settings: LazySettings, monkeypatch: pytest.MonkeyPatch) -> None:
    def flooded(sender: str) -> None:
        raise quota.OverQuota(3)

    monkeypatch.setattr("rewards.delivery.api.views.spend", flooded)
    answer = rewards_of(key, "acme/eu")
    assert (answer.status_code, answer["Retry-After"]) == (429, "3")


def passed(account: Account, delivery: str = "automatic", **reward: Any) -> Any:
    a_pass = RewardFactory(kind="feature_pass", is_credit=False, face_value=Decimal(0), delivery=delivery, **reward)
    return granted("0.00", account=account, reward=a_pass, issued_on=timezone.now().date(), days=7)


def test_an_automatic_pass_that_nobody_was_told_of_reaches_the_customer_with_its_use(
    key: str, account: Account, administrator: User
) -> None:
    endpoint(administrator, "Product", EventType.OFFER_DELIVERED, EventType.GRANT_REDEEMED)
    given = passed(account)
    assert [held["id"] for held in rewards_of(key, "acme/eu").json()["grants"]] == [given.pk]
    answers = [redeem(key, "k1", account="acme/eu", grant=given.pk) for _ in range(2)]
    assert [answer.status_code for answer in answers] == [200, 200]
    given.offer.refresh_from_db()
    assert (given.offer.state, given.offer.open_until) == ("redeemed", given.expires_on)
    assert list(AuditLine.objects.filter(object_type="offer").order_by("id").values_list("verb", "reason")) == [
        ("offer_delivered", "Asked for by Product"),
        ("offer_redeemed", "Asked for by Product"),
    ]
    told = [json.loads(body)["type"] for body in OutgoingEvent.objects.order_by("id").values_list("body", flat=True)]
    assert told == ["offer.delivered", "grant.redeemed"]


def test_what_can_still_be_taken_back_or_has_to_wait_is_not_switched_on(
    key: str, account: Account, monkeypatch: pytest.MonkeyPatch
) -> None:
    held, waiting = passed(account), passed(account)
    Grant.objects.filter(pk=held.pk).update(held_until=timezone.now() + UNDO_WINDOW)
    watch = Watch("form", lambda offer, day: "A form of Ada is missing.", lambda offer, day: None)
    monkeypatch.setitem(delivering._watches, "form", watch)
    for grant, words in ((held, "no such grant"), (waiting, "has not reached the customer")):
        answer = redeem(key, f"k{grant.pk}", account="acme/eu", grant=grant.pk)
        assert (answer.status_code, words in answer.json()["message"]) == (422, True)
        assert "Ada" not in answer.json()["message"]
    assert set(Grant.objects.values_list("offer__state", flat=True)) == {"approved"}
    assert (Redemption.objects.count(), AuditLine.objects.filter(object_type="offer").count()) == (0, 0)


def test_a_pass_is_switched_on_once(key: str, account: Account, cs: User, administrator: User) -> None:
    endpoint(administrator, "Product", EventType.GRANT_REDEEMED)
    given = passed(account, delivery="by_hand")
    assert redeem(key, "k1", account="acme/eu", grant=given.pk).status_code == 422
    deliver(given.offer_id, acting_user=cs)
    answers = [redeem(key, "k1", account="acme/eu", grant=given.pk) for _ in range(2)]
    assert [answer.status_code for answer in answers] == [200, 200]
    assert redeem(key, "k2", account="acme/eu", grant=given.pk).status_code == 422
    given.offer.refresh_from_db()
    assert given.offer.state == "redeemed"
    assert AuditLine.objects.get(verb="offer_redeemed").reason == "Asked for by Product"
    assert json.loads(OutgoingEvent.objects.get().body)["data"]["grant"] == given.pk


@pytest.mark.django_db(transaction=True)
def test_fifty_at_once_of_seven_from_a_hundred(key: str, account: Account) -> None:
    credit(account)

    def one(number: int) -> int:
        try:
            body = {"account": "acme/eu", "amount": "7.00", "invoice": f"INV-{number}"}
            status: int = redeem(key, f"k{number}", **body).status_code
            return status
        finally:
            connection.close()

    with ThreadPoolExecutor(10) as pool:
        statuses = sorted(pool.map(one, range(50)))
    assert statuses == [200] * 14 + [422] * 36
    assert rewards_of(key, "acme/eu").json()["credit"] == [{"amount": "2.00", "currency": "USD"}]
    assert check().problems == []


@pytest.mark.django_db(transaction=True)
def test_one_key_sent_by_ten_at_once_redeems_once(key: str, account: Account) -> None:
    credit(account)

    def one(_: int) -> str:
        try:
            body = {"account": "acme/eu", "amount": "7.00", "invoice": "INV-1"}
            return str(redeem(key, "same", **body).content)
        finally:
            connection.close()

    with ThreadPoolExecutor(10) as pool:
        assert len(set(pool.map(one, range(10)))) == 1
    assert Posting.objects.filter(kind="redeem").count() == 1


def test_keys_in_the_browser(administrator: User, cs: User, signed_in_as: Callable[[User], Client]) -> None:
    browser = signed_in_as(administrator)
    page = browser.post("/settings/api-keys/", {"name": "=Product", "may_redeem": "on"}, follow=True).content.decode()
    assert "lr_" in page
    assert "lr_" not in browser.get("/settings/api-keys/").content.decode()
    made = ApiKey.objects.get()
    assert "'=Product" in b"".join(browser.get("/settings/api-keys/?format=csv").streaming_content).decode()
    refused = signed_in_as(cs)
    assert refused.post("/settings/api-keys/", {"name": "Mine"}).status_code == 403
    assert refused.post(f"/settings/api-keys/{made.pk}/revoke").status_code == 403
    assert ApiKey.objects.get().revoked_at is None
    browser.post(f"/settings/api-keys/{made.pk}/revoke")
    assert ApiKey.objects.get().revoked_at is not None
