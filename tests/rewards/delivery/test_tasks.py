"""Rewards that a person delivers: a task with an owner and a day, done when the offer is delivered."""

from collections.abc import Callable
from datetime import date, timedelta
from decimal import Decimal

import pytest
from django.db import connection
from django.test import Client
from django.utils import timezone

from loyalty.core.audit.models import AuditLine
from loyalty.core.errors import DomainError, NotAllowed
from loyalty.core.notices.models import Notice
from loyalty.core.people.managing import deactivate
from loyalty.core.people.models import User
from rewards.delivery.tasks.models import DeliveryTask
from rewards.delivery.tasks.queries import mine_count, open_tasks
from rewards.delivery.tasks.verbs import assign, remind
from rewards.offers.handing import deliver
from rewards.offers.models import Grant
from tests.factories import AccountFactory, RewardFactory
from tests.factories.grants import granted

pytestmark = pytest.mark.django_db


def workshop(manager: User | None, name: str = "Acme") -> Grant:
    """An approved workshop for an account of this CS manager."""
    reward = RewardFactory(
        kind="optimisation_workshop", name="Workshop", is_credit=False, face_value=Decimal(0), delivery="by_hand"
    )
    return granted("0.00", account=AccountFactory(cs_manager=manager, name=name), reward=reward, days=90)


@pytest.mark.parametrize(
    ("since", "due"),
    [
        ("2026-03-02", "2026-03-09"),
        ("2026-03-06", "2026-03-13"),
        ("2026-03-07", "2026-03-13"),
        ("2026-03-08", "2026-03-13"),
    ],
)
def test_the_fifth_working_day(since: str, due: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT delivery_due(%s::date)", [since])
        assert cursor.fetchone() == (date.fromisoformat(due),)


def test_only_what_a_person_delivers_becomes_a_task_of_the_cs_manager(cs: User) -> None:
    grant = workshop(cs)
    granted("10.00")
    task = DeliveryTask.objects.get()
    assert (task.offer_id, task.owner) == (grant.offer_id, cs)
    assert task.due_on > timezone.now().date()
    assert mine_count(cs) == 1


def test_whoever_leaves_hands_their_deliveries_over_to_cs_or_to_nobody(
    cs: User, cs_colleague: User, product: User, administrator: User
) -> None:
    first, delivered = workshop(cs), workshop(cs, "Beta")
    deliver(delivered.offer_id, acting_user=cs)
    assert deactivate(cs.pk, cs_colleague.pk, "Left", acting_user=administrator)["deliveries"] == 1
    owners = DeliveryTask.objects.order_by("pk").values_list("offer", "owner")
    assert list(owners) == [(first.offer_id, cs_colleague.pk), (delivered.offer_id, cs.pk)]
    deactivate(cs_colleague.pk, product.pk, "Left", acting_user=administrator)
    assert open_tasks().get().owner is None


def test_done_is_delivered(cs: User, signed_in_as: Callable[[User], Client]) -> None:
    grant = workshop(cs, "=Acme")
    browser = signed_in_as(cs)
    page = browser.get("/offers/tasks/").content.decode()
    assert "Workshop" in page
    assert "'=Acme" in b"".join(browser.get("/offers/tasks/?format=csv").streaming_content).decode()
    assert browser.post(f"/offers/{grant.offer_id}/hand", {"action": "deliver"}).status_code == 302
    assert list(open_tasks()) == []
    assert "Workshop" not in browser.get("/offers/tasks/?view=all").content.decode()


def test_given_to_a_colleague_who_is_told(cs: User, cs_colleague: User, finance: User) -> None:
    workshop(cs)
    task, day = DeliveryTask.objects.get(), date(2099, 1, 5)
    with pytest.raises(NotAllowed):
        assign(task.pk, cs_colleague, day, acting_user=finance)
    with pytest.raises(DomainError, match="not in Customer Success"):
        assign(task.pk, finance, day, acting_user=cs)
    task.refresh_from_db()
    assert task.owner == cs
    for _ in range(2):
        assign(task.pk, cs_colleague, day, acting_user=cs)
    assert Notice.objects.get().person == cs_colleague
    assert AuditLine.objects.filter(object_type="delivery_task").count() == 1
    deliver(task.offer_id, acting_user=cs)
    with pytest.raises(DomainError, match="nothing to deliver"):
        assign(task.pk, cs, day, acting_user=cs)


def test_the_late_ones_are_told_of_once(cs: User, cs_colleague: User) -> None:
    workshop(cs)
    workshop(None)
    today = timezone.now().date()
    assert remind(today) == 0
    DeliveryTask.objects.update(due_on=today - timedelta(days=1))
    # Of the one without an owner, everybody in CS, which nobody leads.
    assert [remind(today), remind(today)] == [3, 0]


def test_set_in_the_browser(
    cs: User, cs_colleague: User, product: User, signed_in_as: Callable[[User], Client]
) -> None:
    workshop(cs)
    task = DeliveryTask.objects.get()
    typed = {"owner": cs_colleague.pk, "due_on": "2099-01-05"}
    assert signed_in_as(product).post(f"/offers/tasks/{task.pk}/", typed).status_code == 403
    assert signed_in_as(cs).post(f"/offers/tasks/{task.pk}/", typed | {"due_on": "soon"}).status_code == 422
    assert signed_in_as(cs).post(f"/offers/tasks/{task.pk}/", typed).status_code == 302
    task.refresh_from_db()
    assert (task.owner, task.due_on) == (cs_colleague, date(2099, 1, 5))
