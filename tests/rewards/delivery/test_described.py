"""What the OpenAPI document tells of the rewards API and of webhooks is what is answered and sent."""

import json
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone
from jsonschema import Draft202012Validator

from accounts.intake.openapi import document
from accounts.tiers.models import Tier, TierMove
from loyalty.core.people.models import User
from rewards.delivery.api.keys import make_key
from rewards.delivery.outgoing.models import OutgoingEvent
from rewards.delivery.outgoing.passes import tell_expired
from rewards.delivery.outgoing.rules import EventType
from rewards.ledger.expiring import expire_credits
from rewards.offers.handing import deliver
from tests.factories import AccountFactory, RewardFactory
from tests.factories.grants import granted
from tests.rewards.delivery.receivers import endpoint

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("outside")]


def check(schema: dict[str, Any], value: Any) -> None:
    Draft202012Validator(schema | {"components": document()["components"]}).validate(value)


def answer_schema(path: str, method: str, status: str) -> dict[str, Any]:
    told: dict[str, Any] = document()["paths"][path][method]["responses"][status]
    schema: dict[str, Any] = told["content"]["application/json"]["schema"]
    return schema


def test_answers_and_messages_are_as_described(administrator: User, cs: User) -> None:
    endpoint(administrator)
    today, account = timezone.now().date(), AccountFactory(external_id="acme")
    gold = Tier.objects.create(key="gold", name="Gold")
    TierMove.objects.create(account=account, tier=gold, is_up=True, day=today, version=1, cause="facts", fires=False)
    credit = granted("100.00", account=account, issued_on=today, days=30)
    a_pass = RewardFactory(kind="feature_pass", is_credit=False, face_value=Decimal(0))
    passed = granted("0.00", account=account, reward=a_pass, issued_on=today, days=7)
    for grant in (credit, passed):
        deliver(grant.offer_id, acting_user=cs)
    headers = {"Authorization": f"Bearer {make_key('P', may_redeem=True, acting_user=administrator)}"}

    def redeem(key: str, **body: Any) -> Any:
        sent = headers | {"Idempotency-Key": key}
        return Client().post("/v1/redemptions", json.dumps(body), content_type="application/json", headers=sent)

    held = Client().get("/v1/accounts/acme/rewards", headers=headers)
    check(answer_schema("/v1/accounts/{external_id}/rewards", "get", "200"), held.json())
    assert (len(held.json()["offers"]), len(held.json()["grants"])) == (2, 2)
    for key, body in (("k1", {"amount": "7.00", "invoice": "I"}), ("k2", {"grant": passed.pk})):
        answer = redeem(key, account="acme", **body)
        assert answer.status_code == 200
        check(answer_schema("/v1/redemptions", "post", "200"), answer.json())
    for status, key, body in ((409, "k1", {"amount": "8.00", "invoice": "I"}), (422, "k3", {"grant": 1 << 40})):
        answer = redeem(key, account="acme", **body)
        assert answer.status_code == status
        check(answer_schema("/v1/redemptions", "post", str(status)), answer.json())
    expire_credits(today + timedelta(days=31))
    tell_expired(today + timedelta(days=8))
    sent = list(OutgoingEvent.objects.order_by("id"))
    for event in sent:
        told = document()["webhooks"][event.type]["post"]["requestBody"]["content"]["application/json"]["schema"]
        check(told, json.loads(event.body))
    counts = {kind.value: sum(event.type == kind for event in sent) for kind in EventType}
    assert counts == {
        "offer.delivered": 2,
        "grant.issued": 2,
        "grant.redeemed": 2,
        "grant.expired": 2,
        "tier.changed": 1,
    }


def test_a_body_that_is_not_as_described_is_found_out() -> None:
    told = document()["webhooks"]["tier.changed"]["post"]["requestBody"]["content"]["application/json"]["schema"]
    wrong = {"type": "tier.changed", "timestamp": date(2026, 1, 1).isoformat(), "data": {"account": 7}}
    assert not Draft202012Validator(told | {"components": document()["components"]}).is_valid(wrong)
