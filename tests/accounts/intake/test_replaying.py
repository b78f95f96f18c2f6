"""Refused calls go in once the cause is mended, count once, and keep their history."""

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from accounts.intake import queries, replaying
from accounts.intake.models import IntakeBatch, RefusedItem
from accounts.intake.queries import totals
from accounts.intake.replaying import replay, replay_alike
from accounts.sources.models import Source, SourceKind
from accounts.usage.models import DailyUsage, Event
from loyalty.core.audit.models import AuditLine
from loyalty.core.errors import DomainError, NotAllowed
from loyalty.core.people.models import User
from tests.factories.records import AccountFactory

pytestmark = pytest.mark.django_db
Send = Callable[..., Any]
CAME = datetime(2026, 11, 3, 23, 30, tzinfo=UTC)


def call(number: int = 1, account: str = "acme") -> dict[str, Any]:
    """An event without a time, of an account that nobody told of."""
    return {"event": "Report Generated", "messageId": f"m{number}", "context": {"groupId": account}}


@pytest.fixture
def refused(send: Send) -> RefusedItem:
    send("track", call())
    RefusedItem.objects.update(received_at=CAME)
    return RefusedItem.objects.get()


def test_it_goes_in_once_the_account_is_there(refused: RefusedItem, administrator: User) -> None:
    account = AccountFactory(external_id="acme")
    item = replay(refused.pk, acting_user=administrator)
    assert (item.retried_by, item.retried_reason) == (administrator, "")
    assert item.went_in_at == item.retried_at
    event = Event.objects.get()
    assert (event.account, event.message_id, event.occurred_at) == (account, "m1", CAME)
    assert DailyUsage.objects.get().day == CAME.date()
    assert (item.code, RefusedItem.objects.count()) == ("unknown_account", 1)
    day = totals(timezone.now())[0]
    assert (day.accepted, day.duplicates, day.refused) == (1, 0, 0)
    line = AuditLine.objects.get(verb="replayed")
    assert (line.actor, line.object_label, line.after) == (administrator, "track of Product", {"went in": 1})
    with pytest.raises(DomainError, match="gone in already"):
        replay(refused.pk, acting_user=administrator)
    assert Event.objects.count() == 1


def test_what_is_refused_again_says_so_and_counts_once(refused: RefusedItem, administrator: User) -> None:
    item = replay(refused.pk, acting_user=administrator)
    assert item.went_in_at is None
    assert item.retried_reason == item.reason
    assert (RefusedItem.objects.count(), IntakeBatch.objects.count(), Event.objects.count()) == (1, 1, 0)
    assert totals(timezone.now())[0].refused == 1


def test_what_came_another_way_meanwhile_is_a_duplicate(send: Send, refused: RefusedItem, administrator: User) -> None:
    AccountFactory(external_id="acme")
    send("track", call())
    assert replay(refused.pk, acting_user=administrator).retried_reason == ""
    day = totals(timezone.now())[0]
    assert (Event.objects.count(), day.accepted, day.duplicates, day.refused) == (1, 1, 1, 0)


def test_all_of_one_reason(send: Send, administrator: User) -> None:
    send("batch", {"batch": [call(n) | {"type": "track"} for n in (1, 2, 3)]})
    send("batch", {"batch": [call(4, "beta") | {"type": "track"}, {"type": "track", "event": "X"}]})
    AccountFactory(external_id="acme")
    first = RefusedItem.objects.earliest("id")
    assert replay_alike(first.pk, acting_user=administrator) == (4, 3)
    assert sorted(Event.objects.values_list("message_id", flat=True)) == ["m1", "m2", "m3"]
    assert list(RefusedItem.objects.filter(went_in_at=None).values_list("code", flat=True)) == [
        "nobody",
        "unknown_account",
    ]
    assert AuditLine.objects.get(verb="replayed").after == {"went in": 3}


def test_each_turn_goes_on_where_the_one_before_ended(
    send: Send, product: User, signed_in_as: Callable[[User], Client], monkeypatch: pytest.MonkeyPatch
) -> None:
    for module in (replaying, queries):
        monkeypatch.setattr(module, "AT_ONCE", 2)
    send("batch", {"batch": [call(n) | {"type": "track"} for n in range(7)]})
    ids = list(RefusedItem.objects.order_by("id").values_list("id", flat=True))
    RefusedItem.objects.filter(pk__in=ids[:3]).update(raw="cut of")
    page, client = f"/events/refused/{ids[-1]}/", signed_in_as(product)
    assert "Send the first 2 of 7 with this reason again" in client.get(page).content.decode()

    def again() -> list[int]:
        """Who was looked at in this turn."""
        before = dict(RefusedItem.objects.values_list("pk", "retried_at"))
        client.post(f"{page}replay", {"alike": "1"})
        after = RefusedItem.objects.order_by("id").values_list("pk", "retried_at")
        return [ids.index(pk) for pk, at in after if at != before[pk]]

    assert [again() for _ in range(4)] == [[0, 1], [2, 3], [4, 5], [0, 6]]
    assert "sent it again" not in client.get(f"/events/refused/{ids[0]}/").content.decode()


def test_a_source_that_became_the_system_of_record(send: Send, crm: Source, administrator: User) -> None:
    AccountFactory(external_id="acme")
    send("track", call(), key="crm-key")
    item = RefusedItem.objects.get(code="not_system_of_record")
    SourceKind.objects.filter(kind="usage").update(is_active=False)
    SourceKind.objects.create(source=crm, kind="usage")
    replay(item.pk, acting_user=administrator)
    assert Event.objects.get().source == crm


def test_others_may_not(refused: RefusedItem, finance: User) -> None:
    AccountFactory(external_id="acme")
    for act in (replay, replay_alike):
        with pytest.raises(NotAllowed, match="An administrator or Product"):
            act(refused.pk, acting_user=finance)
    refused.refresh_from_db()
    assert (refused.retried_at, Event.objects.count(), AuditLine.objects.filter(verb="replayed").count()) == (
        None,
        0,
        0,
    )


@pytest.mark.parametrize(
    ("channel", "raw", "reason"),
    [
        ("csv", '["A-1"]', "Rows of files are mended"),
        ("audit", "{}", "Its sender sends it again."),
        ("track", '{"event": "X", "cut', "Its text was not kept whole"),
        ("track", "", "Its text was not kept whole"),
    ],
)
def test_what_cannot_be_sent_again_from_here(
    usage_source: Source, administrator: User, channel: str, raw: str, reason: str
) -> None:
    batch = IntakeBatch.objects.create(source=usage_source, channel=channel, refused=1)
    item = RefusedItem.objects.create(batch=batch, source=usage_source, code="row", reason="No.", raw=raw)
    with pytest.raises(DomainError, match=reason):
        replay(item.pk, acting_user=administrator)
    with pytest.raises(DomainError, match="None of these"):
        replay_alike(item.pk, acting_user=administrator)


def test_on_the_page(refused: RefusedItem, product: User, cs: User, signed_in_as: Callable[[User], Client]) -> None:
    page, client = f"/events/refused/{refused.pk}/", signed_in_as(product)
    assert "Send again</button>" not in signed_in_as(cs).get(page).content.decode()
    assert "Send again</button>" in client.get(page).content.decode()
    again = client.post(f"{page}replay", follow=True).content.decode()
    assert "It is refused again: No account has this groupId." in again
    AccountFactory(external_id="acme")
    went_in = client.post(f"{page}replay", {"alike": "1"}, follow=True).content.decode()
    assert "1 were sent again: 1 went in, 0 did not." in went_in
    assert "Priya Shah sent it again" in went_in
    assert "It has gone in already." in went_in
    assert client.post("/events/refused/999999/replay").status_code == 404
