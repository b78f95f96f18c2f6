"""Sending: once each, again on schedule, the dead left alone, nobody kept waiting by another."""

import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta

import pytest
from django.db import connection
from standardwebhooks import Webhook
from time_machine import travel

from loyalty.core.audit.models import AuditLine
from loyalty.core.errors import DomainError, NotAllowed
from loyalty.core.notices.models import Notice
from loyalty.core.outward import Answer, NoAnswer
from loyalty.core.people.models import User
from rewards.delivery.outgoing.endpoints import pause, resume, send_again
from rewards.delivery.outgoing.models import DeliveryTry, Endpoint, EventDelivery
from rewards.delivery.outgoing.rules import LEASE, WAITS, EventType
from rewards.delivery.outgoing.secrets import make_secret, revoke_secret
from rewards.delivery.outgoing.sending import claim, send, send_due
from tests.factories.grants import granted
from tests.rewards.delivery.receivers import TAKEN, Outside, endpoint

pytestmark = pytest.mark.django_db
PRODUCT = "https://product.example/"
ISSUED = EventType.GRANT_ISSUED


def states() -> list[tuple[str, int]]:
    return list(EventDelivery.objects.order_by("id").values_list("state", "tries"))


def no_answer() -> Answer:
    raise NoAnswer("It did not answer: timed out")


def test_it_goes_out_signed_and_once(administrator: User, outside: Outside) -> None:
    _, secret = endpoint(administrator, "Product", ISSUED)
    granted()
    assert [send_due(), send_due()] == [1, 0]
    (got,) = outside.got
    assert got.url == PRODUCT
    assert Webhook(secret).verify(got.body, dict(got.headers))["type"] == "grant.issued"
    assert states() == [("sent", 1)]
    assert DeliveryTry.objects.get().status == 200


@pytest.mark.parametrize("answer", [Answer(500, "oops", None), Answer(404, "", None), Answer(302, "", None), no_answer])
def test_what_is_not_taken_is_tried_again_on_schedule_and_then_given_up(
    administrator: User, outside: Outside, answer: Answer
) -> None:
    endpoint(administrator, "Product", ISSUED)
    outside.answers[PRODUCT] = answer
    with travel(datetime(2026, 3, 10, 9, tzinfo=UTC), tick=False) as clock:
        granted()
        EventDelivery.objects.update(due_at=datetime(2026, 3, 10, 9, tzinfo=UTC))
        for wait in WAITS[:4]:
            assert send_due() == 0
            clock.shift(wait - timedelta(seconds=1))
            assert claim() is None
            clock.shift(timedelta(seconds=1))
        # The endpoint is not dead to the others yet, or it would be paused and nothing given up.
        EventDelivery.objects.update(tries=len(WAITS))
        Endpoint.objects.update(failing_since=None, failures=0)
        send_due()
    assert states() == [("failed", 10)]
    assert len({got.id for got in outside.got}) == 1
    assert len({got.body for got in outside.got}) == 1


def test_a_receiver_that_asks_for_time_gets_it(administrator: User, outside: Outside) -> None:
    endpoint(administrator, "Product", ISSUED)
    outside.answers[PRODUCT] = Answer(429, "", 120)
    granted()
    before = datetime.now(UTC)
    send_due()
    waits = EventDelivery.objects.get().due_at - before
    assert timedelta(seconds=119) < waits < timedelta(seconds=150)


def test_410_disables_and_tells_the_administrators(administrator: User, outside: Outside) -> None:
    product, _ = endpoint(administrator, "Product", ISSUED)
    outside.answers[PRODUCT] = Answer(410, "", None)
    granted()
    send_due()
    product.refresh_from_db()
    assert (product.state, product.state_reason) == ("gone", "It answered 410: it wants nothing any more.")
    assert Notice.objects.get().person == administrator
    granted()
    assert len(states()) == 1


def test_a_dead_endpoint_is_paused_with_a_notice_and_resumed_with_what_waits(
    administrator: User, outside: Outside
) -> None:
    product, _ = endpoint(administrator, "Product", ISSUED)
    outside.answers[PRODUCT] = no_answer
    for _ in range(10):
        granted()
    Endpoint.objects.update(failing_since=datetime.now(UTC) - timedelta(hours=25), failures=9)
    send(claim())
    product.refresh_from_db()
    assert product.state == "paused"
    assert "It has taken nothing since" in Notice.objects.get().words
    assert claim() is None
    granted()
    outside.answers.clear()
    assert resume(product.pk, acting_user=administrator) == 11
    assert send_due() == 11
    assert {state for state, _ in states()} == {"sent"}
    product.refresh_from_db()
    assert (product.failures, product.failing_since) == (0, None)


def test_a_worker_that_dies_after_sending_sends_the_same_message_again(administrator: User, outside: Outside) -> None:
    endpoint(administrator, "Product", ISSUED)
    granted()
    dying = claim()
    outside.post(PRODUCT, dying.event.body.encode(), {"webhook-id": dying.event.message_id})
    assert send_due() == 0
    EventDelivery.objects.update(lease_until=datetime.now(UTC) - timedelta(seconds=1))
    assert send_due() == 1
    first, second = outside.got
    assert (first.id, first.body) == (second.id, second.body)
    assert states() == [("sent", 2)]


def test_who_lost_the_claim_notes_nothing(administrator: User, outside: Outside) -> None:
    endpoint(administrator, "Product", ISSUED)
    granted()
    late = claim()
    EventDelivery.objects.update(lease_until=datetime.now(UTC) - LEASE)
    outside.answers[PRODUCT] = no_answer
    send(claim())
    outside.answers.clear()
    assert send(late) is True
    assert states() == [("waiting", 2)]


@pytest.mark.django_db(transaction=True)
def test_many_workers_claim_each_once(administrator: User, outside: Outside) -> None:
    endpoint(administrator, "Product", ISSUED)
    for _ in range(12):
        granted()

    def work(_: int) -> int:
        try:
            return send_due()
        finally:
            connection.close()

    with ThreadPoolExecutor(4) as pool:
        assert sum(pool.map(work, range(4))) == 12
    assert len({got.id for got in outside.got}) == len(outside.got) == 12


def test_a_slow_one_and_a_failing_one_keep_nobody_waiting(administrator: User, outside: Outside) -> None:
    for name in ("Product", "Slow", "Failing"):
        endpoint(administrator, name, ISSUED)
    others_done = threading.Event()

    def slow() -> Answer:
        assert others_done.wait(30)
        return TAKEN

    def swift() -> Answer:
        if len(outside.at(PRODUCT)) == 10:
            others_done.set()
        return TAKEN

    outside.answers = {
        "https://slow.example/": slow,
        "https://failing.example/": Answer(500, "", None),
        PRODUCT: swift,
    }
    for _ in range(10):
        granted()
    assert send_due() == 20
    assert EventDelivery.objects.filter(endpoint__name="Product", state="sent", tries=1).count() == 10
    assert EventDelivery.objects.filter(endpoint__name="Failing", state="waiting").count() == 10


def test_send_again_has_the_same_id_and_an_audit_line(administrator: User, cs: User, outside: Outside) -> None:
    endpoint(administrator, "Product", ISSUED)
    granted()
    send_due()
    sent = EventDelivery.objects.get()
    with pytest.raises(NotAllowed):
        send_again(sent.pk, acting_user=cs)
    assert states() == [("sent", 1)]
    send_again(sent.pk, acting_user=administrator)
    send_due()
    assert len({got.id for got in outside.got}) == 1
    assert len(outside.got) == 2
    assert AuditLine.objects.get(verb="webhook_resent").after == {"message": sent.event.message_id}


def test_secrets_overlap_and_the_last_one_stays(administrator: User, outside: Outside) -> None:
    product, old = endpoint(administrator, "Product", ISSUED)
    new = make_secret(product, acting_user=administrator)
    granted()
    send_due()
    (got,) = outside.got
    for secret in (old, new):
        Webhook(secret).verify(got.body, dict(got.headers))
    newest, earlier = product.secrets.all()
    assert old not in earlier.sealed
    revoke_secret(earlier, acting_user=administrator)
    with pytest.raises(DomainError, match="only secret"):
        revoke_secret(newest, acting_user=administrator)


def test_paused_by_hand_it_waits(administrator: User, cs: User, outside: Outside) -> None:
    product, _ = endpoint(administrator, "Product", ISSUED)
    with pytest.raises(NotAllowed):
        pause(product.pk, "Maintenance", acting_user=cs)
    with pytest.raises(DomainError, match="Say why"):
        pause(product.pk, " ", acting_user=administrator)
    pause(product.pk, "Maintenance", acting_user=administrator)
    granted()
    assert send_due() == 0
    resume(product.pk, acting_user=administrator)
    assert send_due() == 1
