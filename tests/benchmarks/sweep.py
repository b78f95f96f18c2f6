"""The sweep of all accounts against what the same could cost: fourteen live campaigns over nine kinds of trigger.

All on one durable PostgreSQL (fsync and synchronous_commit on), one process at a
time. Ours is the whole evaluation of the night's step, as the application's role:
matches, quiet times, contract fit, lots, supply, a cap, recipients, offers with
evidence and approval steps, audit and candidates, range by range, in processes of its
own: by one worker, and by as many as there are cores, who share the ranges as those of the night do. A bare
statement can be shared by nobody; the claim against it is for all the workers, and what one alone takes is told
beside. What each peer does is said in its module: `sweep_bare` is measured in turns with ours, the others once;
`sweep_orm` on some accounts, scaled. All have to find the same.
"""

import json
import os
import subprocess
import sys
from collections import Counter
from datetime import UTC, datetime
from statistics import median
from typing import Any

from tests.benchmarks import stage
from tests.benchmarks.results import Result

ACCOUNTS = int(os.environ.get("SWEEP_ACCOUNTS", "100000"))
TENTH = ACCOUNTS // 10
ROUNDS = 3
WORKERS = os.cpu_count() or 1
SAMPLE = 500
# Promised: of the bare statements at most, of rule-engine and of the loop at least, and for ten times the accounts.
BARE, RULE_ENGINE, ORM, TEN_TIMES, FLAT = 1.3, 4.0, 100.0, 11.0, 1.15


def run() -> list[Result]:
    """Ours at a tenth of the accounts and at all, alone and shared, and the peers at all."""
    now = datetime.now(UTC)
    with stage.engines():
        # Models can be imported only once the engines have told the settings where they are.
        from tests.benchmarks.sweep_bare import checksum, digest, insert_bare
        from tests.benchmarks.sweep_company import fill, launch, take_back
        from tests.benchmarks.sweep_orm import match_by_orm
        from tests.benchmarks.sweep_rule_engine import match_by_rule_engine

        launch(now)
        fill(0, TENTH, now.date(), now)
        few = []
        for _ in range(ROUNDS):
            few.append(_ours(now, 1))
            take_back(now)
        fill(TENTH, ACCOUNTS, now.date(), now)
        many: list[dict[str, Any]] = []
        shared: list[dict[str, Any]] = []
        bare: list[float] = []
        sums: set[str] = set()
        for _ in range(ROUNDS):
            bare.append(insert_bare(now))
            for way, workers in ((many, 1), (shared, WORKERS)):
                way.append(_ours(now, workers))
                found = checksum("rewards_candidate")
                sums |= {found[1], checksum("bare_offer")[1]}
                take_back(now)
        engine_took, matches = match_by_rule_engine(now)
        sums |= {found[1], digest(matches)}
        sample = _sample()
        orm_took, by_orm = match_by_orm(sample, now)
        chosen = set(sample)
        sums |= {found[1]} if set(by_orm) == {match for match in matches if match[1] in chosen} else {digest(by_orm)}
    return _results(few, many, shared, bare, engine_took, orm_took * ACCOUNTS / len(sample), found, sums)


def _results(
    few: list[dict[str, Any]],
    many: list[dict[str, Any]],
    shared: list[dict[str, Any]],
    bare: list[float],
    engine: float,
    orm: float,
    found: tuple[int, str],
    sums: set[str],
) -> list[Result]:
    ours, tenth, plain = (
        median(one["seconds"] for one in many),
        median(one["seconds"] for one in few),
        median(bare),
    )
    alone, ratio = (median(o["seconds"] / peer for o, peer in zip(way, bare, strict=True)) for way in (many, shared))
    growth, memory = ours / tenth, max(o["peak_mb"] for o in many) / max(o["peak_mb"] for o in few)
    told = {"rounds": [one["seconds"] for one in many], "outcomes": many[0]["outcomes"]}
    peaks = {"peak_mb": [max(o["peak_mb"] for o in rounds) for rounds in (few, many)]}
    return [
        Result("sweep", f"ours, {TENTH:,} accounts", tenth, "s", detail={"rounds": [one["seconds"] for one in few]}),
        Result("sweep", f"ours, {ACCOUNTS:,} accounts", ours, "s", detail=told),
        Result("sweep", f"ours, shared by {WORKERS}", median(o["seconds"] for o in shared), "s"),
        Result("sweep", "bare INSERT … SELECT", plain, "s", detail={"rounds": bare}),
        Result("sweep", "rule-engine, matching only", engine, "s"),
        Result("sweep", f"loop over the ORM, from {SAMPLE} accounts", orm, "s"),
        Result("sweep", f"matches; checksum {found[1]}", found[0], "", "all find the same", len(sums) == 1),
        Result("sweep", "ours by one worker : bare", alone, "×"),
        Result("sweep", f"ours by {WORKERS} workers : bare", ratio, "×", f"at most {BARE:g}", ratio <= BARE),
        Result("sweep", "rule-engine : ours", engine / ours, "×", f"at least {RULE_ENGINE:g}", engine >= 4 * ours),
        Result("sweep", "ORM loop : ours", orm / ours, "×", f"at least {ORM:g}", orm >= ORM * ours),
        Result("sweep", "10 times the accounts", growth, "×", f"at most {TEN_TIMES:g}", growth <= TEN_TIMES),
        Result("sweep", "memory of 10 times the accounts", memory, "×", f"at most {FLAT:g}", memory <= FLAT, peaks),
    ]


def _ours(now: datetime, workers: int) -> dict[str, Any]:
    """One sweep by so many workers at once: seconds from the first begin to the last end, outcomes, peak memory."""
    command = [sys.executable, "-m", "tests.benchmarks.sweep_once", now.isoformat()]
    begun = [
        subprocess.Popen([*command, str(place), str(workers)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        for place in range(workers)
    ]
    for process in begun:
        if not (process.stdout and process.stdout.readline()):
            raise RuntimeError("A worker ended before it was ready.")
    for process in begun:
        if process.stdin:
            process.stdin.write("begin\n")
            process.stdin.flush()
    told = [json.loads(process.communicate()[0].splitlines()[-1]) for process in begun]
    outcomes = sum((Counter(one["outcomes"]) for one in told), Counter())
    return {
        "seconds": max(one["ended"] for one in told) - min(one["began"] for one in told),
        "outcomes": dict(outcomes),
        "peak_mb": max(one["peak_mb"] for one in told),
    }


def _sample() -> list[int]:
    """Accounts from all over."""
    from accounts.records.models import Account

    ids = list(Account.objects.order_by("pk").values_list("pk", flat=True))
    return ids[:: max(len(ids) // SAMPLE, 1)][:SAMPLE]
