"""The broker never holds two rings that say the same, and a silence is said once a minute."""

from collections.abc import Iterator

import pytest
from celery import current_app
from celery.beat import ScheduleEntry
from django.conf import LazySettings
from kombu.utils.json import loads
from redis import Redis

from loyalty.core.doorbell import pending, verbs
from loyalty.core.doorbell.schedule import RingingScheduler, Silence

QUEUE = "celery"


@pytest.fixture
def broker(settings: LazySettings, monkeypatch: pytest.MonkeyPatch) -> Iterator[Redis]:
    """The broker of this run, empty, and a process that may ring at any moment."""
    monkeypatch.setattr(verbs, "_quiet_until", {})
    settings.DOORBELL_SECONDS = 0
    monkeypatch.setattr(pending, "RINGING_MILLISECONDS", 1)
    with Redis.from_url(settings.REDIS_URL) as client:
        client.flushdb()
        yield client
        client.flushdb()


@pytest.fixture
def scheduler() -> RingingScheduler:
    return RingingScheduler(app=current_app._get_current_object(), lazy=True)


def waiting(broker: Redis) -> list[str]:
    return sorted(loads(message)["headers"]["task"] for message in broker.lrange(QUEUE, 0, -1))


def entry(task: str) -> ScheduleEntry:
    return ScheduleEntry(name=task, task=task, schedule=5.0, app=current_app)


def test_a_ring_waits_alone_until_it_is_taken(broker: Redis) -> None:
    assert verbs.ring() is True
    assert [verbs.ring() for _ in range(20)] == [False] * 20
    assert waiting(broker) == ["loyalty.react"]

    broker.rpop(QUEUE)
    pending._script.cache_clear()
    assert _rings_again() is True


def _rings_again() -> bool:
    """A ring may be in the making for a millisecond after the last one."""
    return any(verbs.ring() for _ in range(100))


def test_rings_of_other_kinds_do_not_count(broker: Redis) -> None:
    assert (verbs.ring("loyalty.jobs"), verbs.ring("loyalty.react")) == (True, True)
    assert waiting(broker) == ["loyalty.jobs", "loyalty.react"]


def test_an_emptied_broker_is_rung_again(broker: Redis) -> None:
    verbs.ring()
    broker.flushdb()
    assert verbs.ring() is True


def test_two_processes_at_the_same_moment_ring_once(broker: Redis, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pending, "RINGING_MILLISECONDS", 60_000)
    assert [pending.may_ring("loyalty.react") for _ in range(2)] == [True, False]


def test_a_queue_that_nobody_keeps_up_with_gets_no_more(broker: Redis) -> None:
    broker.lpush(QUEUE, *(f"message {n}" for n in range(pending.LOOKED_THROUGH + 1)))
    assert verbs.ring() is False


def test_the_beat_leaves_a_ring_that_waits(broker: Redis, scheduler: RingingScheduler) -> None:
    first = scheduler.apply_async(entry("loyalty.react"), advance=False)
    again = [scheduler.apply_async(entry("loyalty.react"), advance=False) for _ in range(20)]
    assert first is not None
    assert again == [None] * 20
    assert waiting(broker) == ["loyalty.react"]


def test_a_broker_that_is_away_fails_neither_ring_nor_beat(
    settings: LazySettings, monkeypatch: pytest.MonkeyPatch, scheduler: RingingScheduler
) -> None:
    monkeypatch.setattr(verbs, "_quiet_until", {})
    settings.REDIS_URL = "unix:///nowhere.sock?db=0"
    assert verbs.ring() is False
    assert scheduler.apply_async(entry("loyalty.react"), advance=False) is None


def test_a_silence_is_told_after_a_minute_and_then_once_a_minute() -> None:
    silence = Silence()
    told = [silence.waits("loyalty.react", 1000.0 + second) for second in range(0, 200, 5)]
    assert [seconds for seconds in told if seconds] == [60, 120, 180]
    silence.taken("loyalty.react")
    assert silence.waits("loyalty.react", 1300) is None
