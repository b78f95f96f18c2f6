"""Fault row 33 in its full form: one key sends ten times its quota, and another goes on as before.

The quota is one that this machine can serve, as an operator would set it. What
the other key waits is measured in turns, with the one within its quota and at
ten times of it, so that whatever else the machine does falls on both.
"""

import http.client
import json
import os
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from statistics import median, quantiles
from urllib.parse import urlsplit
from uuid import uuid4

from loyalty.engines.layout import CHECKOUT
from tests.benchmarks import stage
from tests.benchmarks.results import Result
from tests.faults import plant
from tests.faults.sending import batch_of, headers_of, post

QUOTA = 20
TIMES = 10
TURNS = 5
# What the polite key sends: so many calls a second, for so long in each turn.
POLITE_A_SECOND = 10
TURN_SECONDS = 30.0
# A burst of ten seconds' quota may be sent at once; in this time a flood has used it up.
BURST_SECONDS = 3.0


def run() -> list[Result]:
    """Both through the real web server, on durable engines."""
    os.environ["INTAKE_QUOTA_A_SECOND"] = str(QUOTA)
    within: list[float] = []
    flooded: list[float] = []
    answers: Counter[str] = Counter()
    with stage.engines():
        flooding, polite = plant.two_keys()
        with stage.web() as port:
            url = f"http://127.0.0.1:{port}"
            post(url, polite, [call for call in batch_of(range(2)) if call["type"] == "group"])
            quiet = _p99(url, polite)
            for _ in range(TURNS):
                with _sending(url, flooding, QUOTA * 0.9, Counter()):
                    within.append(_p99(url, polite))
                with _sending(url, flooding, QUOTA * TIMES, answers):
                    time.sleep(BURST_SECONDS)
                    flooded.append(_p99(url, polite))
    ratio = median(after / before for before, after in zip(within, flooded, strict=True))
    honest = answers["429 bare"] == 0 and answers["429"] > 0 and set(answers) <= {"200", "429"}
    detail = {"within quota": _milliseconds(within), "flooded": _milliseconds(flooded)}
    return [
        Result("faults", "33 answers to the flood", answers.total(), "answers", detail=dict(answers)),
        Result(
            "faults",
            "33 of these 429, each with Retry-After",
            answers["429"],
            "answers",
            "all that are not 200",
            honest,
        ),
        Result("faults", "33 p99 of another key, nobody else sends", quiet * 1000, "ms"),
        Result("faults", "33 p99 of another key, quota kept", median(within) * 1000, "ms"),
        Result(
            "faults", f"33 p99 of another key, {TIMES} times the quota", median(flooded) * 1000, "ms", detail=detail
        ),
        Result("faults", "33 p99, flooded : quota kept", round(ratio, 2), "x", "at most 2", ratio <= 2.0),
    ]


@contextmanager
def _sending(url: str, key: str, pace: float, answers: Counter[str]) -> Iterator[None]:
    """The other key's process, at a pace (batches a second); adds up what it was answered."""
    argv = [sys.executable, "-m", "tests.faults.flooder", url, key, str(pace), "fault-00000"]
    process = subprocess.Popen(argv, cwd=CHECKOUT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    try:
        yield
    finally:
        told, _ = process.communicate(timeout=60)
    answers.update(json.loads(told))


def _p99(url: str, key: str) -> float:
    """Seconds that 99 of 100 calls of the polite key take at most."""
    line, headers = http.client.HTTPConnection(urlsplit(url).netloc, timeout=30), headers_of(key)
    waited, begun = [], time.monotonic()
    for number in range(int(POLITE_A_SECOND * TURN_SECONDS)):
        time.sleep(max(0.0, begun + number / POLITE_A_SECOND - time.monotonic()))
        call = {"event": "Report Viewed", "messageId": str(uuid4()), "context": {"groupId": "fault-00001"}}
        before = time.perf_counter()
        line.request("POST", "/v1/track", json.dumps(call).encode(), headers)
        answer = line.getresponse()
        assert answer.status == 200, answer.read()
        answer.read()
        waited.append(time.perf_counter() - before)
    line.close()
    return quantiles(waited, n=100)[98]


def _milliseconds(seconds: list[float]) -> list[float]:
    return [round(value * 1000, 1) for value in seconds]
