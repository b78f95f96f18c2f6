"""Short forms of rows 1, 2, 6 and 7 for the evaluation; row 5 is in `test_no_worker`, row 4 in `test_broker`."""

import os
import random
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from django.conf import LazySettings
from django.test import Client
from django.utils import timezone
from redis import Redis

from accounts.facts.models import FactsDirty
from accounts.sources.rules import Kind
from loyalty.core.doorbell import verbs
from loyalty.engines.layout import CHECKOUT
from loyalty.pipeline import react_now
from rewards.campaigns import evaluating
from rewards.campaigns.evaluating import evaluate_due, follow
from rewards.campaigns.models import Candidate, EvaluationDue
from rewards.offers.models import Offer
from tests.concurrency import at_once
from tests.factories import AccountFactory, CampaignFactory, SourceFactory
from tests.faults.killed_refresh import database_address
from tests.faults.sending import batch_of, headers_of
from tests.faults.two_beats import beat_twice
from tests.rewards.campaigns.made import reach

KILLS, ACCOUNTS, DAYS = 4, 80, 2

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def broker(settings: LazySettings) -> Iterator[Redis]:
    with Redis.from_url(settings.REDIS_URL) as client:
        client.flushdb()
        yield client
        client.flushdb()


def test_killed_workers_lose_and_double_no_offer() -> None:
    chance, campaign = random.Random(1), CampaignFactory()
    ids = [reach(campaign).account_id for _ in range(ACCOUNTS)]
    today, at_work = timezone.now().date(), 0
    for _ in range(KILLS):
        follow(dict.fromkeys(ids, today), today)
        at_work += kill_one(chance)
    while evaluate_due() is not None:
        pass
    assert at_work > 0
    assert (Offer.objects.count(), Offer.objects.values("account").distinct().count()) == (ACCOUNTS, ACCOUNTS)
    assert Candidate.objects.count() == ACCOUNTS


def kill_one(chance: random.Random) -> bool:
    """Whether the process had begun with the marks, and not served them all, when it was killed."""
    before = EvaluationDue.objects.count()
    process = subprocess.Popen(
        [sys.executable, "-m", "tests.faults.sweeper"],
        env=os.environ | {"DATABASE_URL": database_address(), "PYTHONPATH": str(CHECKOUT)},
        cwd=CHECKOUT,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert process.stdout
    assert process.stdout.readline() == "begins\n"
    ends = time.monotonic() + 60
    while EvaluationDue.objects.count() >= before and time.monotonic() < ends:
        time.sleep(0.005)
    time.sleep(chance.uniform(0, 0.1))
    process.kill()
    process.wait()
    process.stdout.close()
    return EvaluationDue.objects.count() > 0


def test_what_was_committed_and_never_rung_for_is_worked_on(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    CampaignFactory()
    SourceFactory(kinds=[Kind.USAGE, Kind.ACCOUNT], key="key")
    lost: list[str] = []
    monkeypatch.setattr(verbs, "ring", lambda task="": bool(lost.append(task)))
    headers = {"Authorization": headers_of("key")["Authorization"]}
    answer = client.post("/v1/batch", {"batch": batch_of([1])}, "application/json", headers=headers)
    assert (answer.status_code, lost, FactsDirty.objects.exists()) == (200, [verbs.REACT], True)
    # The beat rings every few seconds, whoever rang before.
    react_now()
    assert Offer.objects.get().account.external_id == "fault-00001"


def test_two_beats_have_one_night_a_day(broker: Redis, tmp_path: Path) -> None:
    AccountFactory()
    found = beat_twice(DAYS, broker, tmp_path)
    assert (len(found.nights), set(found.nights.values()), found.unfinished) == (DAYS, {1}, 0)
    assert (found.steps, found.jobs) == ({7}, 7 * DAYS)


def test_a_task_that_is_handed_out_again_while_it_runs_has_its_effect_once(monkeypatch: pytest.MonkeyPatch) -> None:
    campaign = CampaignFactory()
    ids = [reach(campaign).account_id for _ in range(3)]
    follow(dict.fromkeys(ids, timezone.now().date()), timezone.now().date())
    weigh, holds, other_came = evaluating.weigh, threading.Event(), threading.Event()

    def held(*told: Any) -> None:
        holds.set()
        assert other_came.wait(30)
        weigh(*told)

    def other() -> object:
        assert holds.wait(30)
        try:
            return evaluate_due()
        finally:
            other_came.set()

    monkeypatch.setattr(evaluating, "weigh", held)
    assert at_once([evaluate_due, other]) == [3, None]
    assert Offer.objects.count() == 3
