"""Row 5, short form: half an hour without a worker leaves one message of a kind, and all the work is done after it.

Time is told, and the beat's own scheduler ticks through it.
"""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import time_machine
from celery import current_app
from django.conf import LazySettings, settings
from django.test import Client
from kombu.utils.json import loads
from redis import Redis

from accounts.facts.models import FactsDirty
from accounts.sources.rules import Kind
from loyalty import pipeline
from loyalty.core.doorbell import pending, verbs
from loyalty.core.doorbell.models import WorkerSeen
from loyalty.core.doorbell.schedule import RingingScheduler
from loyalty.core.jobs.models import Night
from loyalty.core.people.models import User
from rewards.offers.models import Offer
from tests.factories import CampaignFactory, SourceFactory
from tests.faults.sending import batch_of, headers_of

BEGAN = datetime.now(UTC).replace(microsecond=0)
MINUTES = 30
STEP = timedelta(seconds=5)
ALERT_WITHIN = timedelta(minutes=2)
QUEUE = "celery"
RUNG_FOR = (pipeline.react, pipeline.jobs, pipeline.sweep, pipeline.beat_heart, pipeline.notices, pipeline.webhooks)
TASKS = {task.name: task for task in (*RUNG_FOR, pipeline.seal_audit, pipeline.changes)}


@pytest.fixture
def broker(settings: LazySettings, monkeypatch: pytest.MonkeyPatch) -> Iterator[Redis]:
    monkeypatch.setattr(verbs, "_quiet_until", {})
    monkeypatch.setattr(pending, "RINGING_MILLISECONDS", 1)
    with Redis.from_url(settings.REDIS_URL) as client:
        client.flushdb()
        yield client
        client.flushdb()


def consume(broker: Redis) -> list[str]:
    """Be the worker: run whatever the broker holds."""
    ran = []
    while message := broker.rpop(QUEUE):
        ran.append(loads(message)["headers"]["task"])
        TASKS[ran[-1]].run()
    return sorted(ran)


def alerts(client: Client) -> tuple[bool, int]:
    """Whether a page warns, and what /readyz answers."""
    return "facts and offers wait" in client.get("/jobs/").text, client.get("/readyz").status_code


@pytest.mark.django_db(transaction=True)
def test_half_an_hour_without_a_worker(client: Client, administrator: User, broker: Redis, tmp_path: Path) -> None:
    CampaignFactory()
    SourceFactory(kinds=[Kind.USAGE, Kind.ACCOUNT], key="key")
    client.force_login(administrator)
    sender = {"Authorization": headers_of("key")["Authorization"]}
    scheduler = RingingScheduler(
        app=current_app._get_current_object(), schedule_filename=str(tmp_path / "beat"), producer=None
    )
    held, warned_after = [], None
    with time_machine.travel(BEGAN, tick=False) as clock:
        WorkerSeen.objects.create(pk=1, at=BEGAN)
        # The nights of these days are done: a step of a night rings for the next one.
        for day in {BEGAN.date(), (BEGAN + timedelta(minutes=MINUTES)).date()}:
            Night.objects.create(day=day, first_day=day, finished_at=BEGAN)
        for minute in range(MINUTES):
            body = {"batch": batch_of([minute])}
            assert client.post("/v1/batch", body, "application/json", headers=sender).status_code == 200
            for _ in range(timedelta(minutes=1) // STEP):
                clock.shift(STEP)
                while scheduler.tick() == 0:
                    pass
                held.append(broker.llen(QUEUE))
            if warned_after is None and alerts(client) == (True, 503):
                warned_after = datetime.now(UTC) - BEGAN
        assert FactsDirty.objects.values("account").distinct().count() == MINUTES
        # One ring of a kind, however long nobody takes it.
        assert max(held) <= len(settings.CELERY_BEAT_SCHEDULE)
        assert warned_after is not None
        assert warned_after <= ALERT_WITHIN

        ran = consume(broker)
        assert (len(ran), set(ran) >= {"loyalty.react", "loyalty.jobs", "loyalty.heartbeat"}) == (len(set(ran)), True)
        assert alerts(client)[0] is False
    scheduler.close()
    assert (Offer.objects.count(), Offer.objects.values("account").distinct().count()) == (MINUTES, MINUTES)
    assert not FactsDirty.objects.exists()
