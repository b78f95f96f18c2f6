"""Whoever is signed in, and whoever watches /readyz, learns that nothing is being worked on."""

from datetime import timedelta

import pytest
from django.conf import LazySettings
from django.test import Client
from django.utils import timezone
from redis import Redis

from accounts.facts.models import FactsDirty
from loyalty.core.doorbell import heartbeat, seen
from loyalty.core.doorbell.models import WorkerSeen
from loyalty.core.doorbell.waiting import Waiting, oldest_waiting, seconds_waiting
from loyalty.core.jobs.models import Job
from loyalty.core.people.models import User
from loyalty.pipeline import beat_heart
from tests.factories import AccountFactory

pytestmark = pytest.mark.django_db


def last_seen(seconds_ago: int) -> None:
    WorkerSeen.objects.update_or_create(pk=1, defaults={"at": timezone.now() - timedelta(seconds=seconds_ago)})


def test_every_page_warns_once_no_worker_was_seen_for_a_minute(client: Client, administrator: User, cs: User) -> None:
    for person in (administrator, cs):
        client.force_login(person)
        last_seen(61)
        assert "facts and offers wait" in client.get("/").text
        last_seen(0)
        assert "facts and offers wait" not in client.get("/").text


def test_the_jobs_page_tells_what_waits_and_what_to_do(client: Client, administrator: User) -> None:
    client.force_login(administrator)
    last_seen(600)
    FactsDirty.objects.create(account=AccountFactory(), day=timezone.now().date())
    page = client.get("/jobs/").text
    assert "No worker has been at work since" in page
    assert "account facts since" in page
    assert "Start a worker" in page


def test_a_heartbeat_is_noted_where_the_supervisor_and_where_pages_look(settings: LazySettings) -> None:
    with Redis.from_url(settings.REDIS_URL) as client:
        client.delete(heartbeat.KEY)
        assert heartbeat.worker_is_alive() is False
        beat_heart()
        assert heartbeat.worker_is_alive() is True
        client.delete(heartbeat.KEY)
    assert seen.missing_since(timezone.now()) is None
    later = timezone.now() + timedelta(seconds=61)
    assert seen.missing_since(later) == WorkerSeen.objects.get().at


def test_where_no_worker_was_ever_started_nothing_is_said() -> None:
    assert seen.missing_since(timezone.now()) is None


def test_the_gauge_tells_the_oldest_due_work_of_all_rooms() -> None:
    now = timezone.now()
    assert (oldest_waiting(now), seconds_waiting(now)) == (None, 0)
    mark = FactsDirty.objects.create(account=AccountFactory(), day=now.date())
    FactsDirty.objects.update(marked_at=now - timedelta(seconds=90))
    assert oldest_waiting(now) == Waiting("Account facts", now - timedelta(seconds=90))
    Job.objects.create(kind="import", title="later", due_at=now + timedelta(seconds=5))
    assert seconds_waiting(now) == 90
    Job.objects.create(kind="import", title="left", state="running", lease_until=now - timedelta(seconds=200))
    assert seconds_waiting(now) == 200
    mark.delete()


def test_readyz_shows_the_gauge_and_is_not_ready_without_a_worker(client: Client, settings: LazySettings) -> None:
    with Redis.from_url(settings.REDIS_URL) as broker:
        broker.delete(heartbeat.KEY)
    FactsDirty.objects.create(account=AccountFactory(), day=timezone.now().date())
    FactsDirty.objects.update(marked_at=timezone.now() - timedelta(seconds=125))
    answer = client.get("/readyz")
    assert (answer.status_code, answer.json()["worker"]) == (503, "no heartbeat")
    assert 125 <= answer.json()["waiting_seconds"] < 185
    assert int(answer["Retry-After"]) > 0
