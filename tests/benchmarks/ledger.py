"""A posting of ours against a bare two-row insert from Django, and against django-hordak; and balances of large books.

All on the same durable PostgreSQL, one connection, each posting committed by itself. Ours writes the posting,
its two lines, the mark for the summaries and the audit line, with balance, month and key checked by the
database; the bare side inserts two rows by the ORM. The sides take turns. django-hordak lives in an environment
of its own that is made for the run; where it cannot be installed, it is not measured. Many credits at once are
the work of a sweep that grants them: ours puts them on the books in one call, theirs by as many transfers in
one transaction.
"""

import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from decimal import Decimal
from functools import partial
from pathlib import Path
from statistics import median
from typing import Any

from loyalty.engines import locate
from loyalty.engines.postgres import DATABASE, OWNER_ROLE, PORT
from tests.benchmarks import stage
from tests.benchmarks.results import Result

ROUNDS, A_ROUND = 7, 300
LEAST_SHARE, LEAST_TIMES, MOST_GROWTH = 0.45, 5.0, 1.2
FEW, MANY = 10_000, int(os.environ.get("LEDGER_POSTINGS", "10000000"))
READS = 100
PEER, SMALL = "peer", "small"


def run() -> list[Result]:
    """Measure writing in turns, then balances of small and of large books."""
    with stage.engines():
        bare, ours = _bare(), _ours()
        bare(), ours()
        paces: dict[str, list[float]] = {name: [] for name in ("bare", "ours", "hordak", "many", "hordak many")}
        with _hordak() as (theirs, versions):
            in_bulk = _many()
            for _ in range(ROUNDS):
                for name, turn in (("bare", bare), ("ours", ours), ("hordak", theirs and partial(theirs, ""))):
                    if turn is not None:
                        paces[name].append(A_ROUND / turn())
                for name, turn in (("many", in_bulk), ("hordak many", theirs and partial(theirs, "together"))):
                    if turn is not None:
                        paces[name].append(A_ROUND / turn())
        few, many = _balances()
    share = median(o / b for o, b in zip(paces["ours"], paces["bare"], strict=True))
    told = [
        Result("ledger", "bare two-row insert", round(median(paces["bare"])), "a second"),
        Result("ledger", "postings, ours", round(median(paces["ours"])), "a second"),
        Result("ledger", f"postings, ours, {A_ROUND} in one call", round(median(paces["many"])), "a second"),
        Result("ledger", "ours : bare", round(share, 3), "×", f"at least {LEAST_SHARE}", share >= LEAST_SHARE),
    ]
    if paces["hordak"]:
        times, together = (
            median(o / h for o, h in zip(paces[ours_], paces[theirs_], strict=True))
            for ours_, theirs_ in (("ours", "hordak"), ("many", "hordak many"))
        )
        told += [
            Result("ledger", "transfers, django-hordak", round(median(paces["hordak"])), "a second", detail=versions),
            Result("ledger", "ours : django-hordak, each by itself", round(times, 2), "×"),
            Result(
                *("ledger", f"transfers, django-hordak, {A_ROUND} in one transaction"),
                *(round(median(paces["hordak many"])), "a second"),
            ),
            Result(
                *("ledger", "ours : django-hordak, many at once", round(together, 2), "×", f"at least {LEAST_TIMES}"),
                together >= LEAST_TIMES,
            ),
        ]
    for name in few:
        growth = many[name] / few[name]
        told += [
            Result("ledger", f"{name}, {FEW:,} postings", round(few[name] * 1000, 3), "ms"),
            Result("ledger", f"{name}, {MANY:,} postings", round(many[name] * 1000, 3), "ms"),
            Result("ledger", f"{name}, growth", round(growth, 2), "×", f"at most {MOST_GROWTH}", growth <= MOST_GROWTH),
        ]
    return told


def _bare() -> Callable[[], float]:
    """Two rows of the leanest table of the books, by the ORM, each pair committed by itself."""
    from django.db import transaction

    from rewards.ledger.models import LedgerAccount

    numbers = iter(range(10**9))

    def turn() -> float:
        started = time.perf_counter()
        for _ in range(A_ROUND):
            with transaction.atomic():
                LedgerAccount.objects.bulk_create(
                    [LedgerAccount(code=f"bare-{next(numbers)}", name="Bare") for _ in range(2)]
                )
        return time.perf_counter() - started

    return turn


def _ours() -> Callable[[], float]:
    """Postings of two lines by the way that every verb writes them."""
    from django.db import transaction

    from rewards.ledger.rules import Book, Line, PostingKind
    from rewards.ledger.writing import write_posting
    from tests.factories import AccountFactory

    account, day, numbers = AccountFactory().pk, datetime.now(UTC).date(), iter(range(10**9))
    # No lot is named, so that nothing but the posting is measured; these books are thrown away.
    lines = [Line(Book.REWARD_COST, Decimal("7.00"), "USD"), Line(Book.RECEIVABLE, Decimal("-7.00"), "USD")]

    def turn() -> float:
        started = time.perf_counter()
        for _ in range(A_ROUND):
            with transaction.atomic():
                write_posting(
                    f"bench:{next(numbers)}",
                    PostingKind.REDEEM,
                    lines,
                    account_id=account,
                    cause="A credit",
                    booked_on=day,
                    acting_user=None,
                )
        return time.perf_counter() - started

    return turn


def _many() -> Callable[[], float]:
    """Credits as a sweep puts them on the books: lots, postings, lines, audit lines, in one call."""
    from rewards.ledger.issuing import issue_credits
    from tests.faults.clients import NOW, granted, offers

    pile = iter([granted(offer).pk for offer in offers(ROUNDS * A_ROUND, Decimal(7), accounts=50)])

    def turn() -> float:
        grants = [next(pile) for _ in range(A_ROUND)]
        started = time.perf_counter()
        written = issue_credits(grants, booked_on=NOW.date(), acting_user=None)
        seconds = time.perf_counter() - started
        if written != A_ROUND:
            raise RuntimeError(f"{written} of {A_ROUND} credits were posted.")
        return seconds

    return turn


@contextmanager
def _hordak() -> Iterator[tuple[Callable[[str], float] | None, dict[str, Any]]]:
    """A turn of django-hordak, and its versions; no turn where it cannot be installed."""
    with tempfile.TemporaryDirectory(prefix="loyalty-hordak-") as folder:
        python = Path(folder) / "environment" / "bin" / "python"
        try:
            subprocess.run(["uv", "venv", "--quiet", str(python.parents[1])], check=True, timeout=120)
            wanted = ["django-hordak>=2,<3", "django>=5.2,<5.3", "psycopg[binary]"]
            install = ["uv", "pip", "install", "--quiet", "--python", str(python), *wanted]
            subprocess.run(install, check=True, timeout=300)
        except (OSError, subprocess.SubprocessError) as missing:
            sys.stderr.write(f"django-hordak cannot be installed here ({missing}): it is not measured.\n")
            yield None, {}
            return
        with stage.owner() as connection:
            connection.execute(f"CREATE DATABASE {PEER}")
        database = {"NAME": PEER, "USER": OWNER_ROLE, "HOST": str(locate().places.socket_dir), "PORT": PORT}
        environment = {name: os.environ[name] for name in ("PATH", "HOME", "LANG") if name in os.environ}
        environment |= {"PEER_DATABASE": json.dumps(database)}
        command = [str(python), str(Path(__file__).with_name("hordak_peer.py"))]
        pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE}
        with subprocess.Popen(command, env=environment, text=True, **pipes) as process:

            def ask(count: int, how: str = "") -> dict[str, Any]:
                process.stdin.write(f"{count} {how}\n")
                process.stdin.flush()
                answer: dict[str, Any] = json.loads(process.stdout.readline() or "{}")
                if answer.get("legs", 0) < 2 * count:
                    raise RuntimeError("django-hordak did not make every transfer.")
                return answer

            yield lambda how: float(ask(A_ROUND, how)["seconds"]), ask(A_ROUND)["versions"]
            process.stdin.close()


def _balances() -> tuple[dict[str, float], dict[str, float]]:
    """Seconds to read what one account can use, and what the programme owes: with FEW postings, and with MANY more.

    Both are books of one server, read in turns, so that an hour in which the machine is slow slows both.
    """
    from django.db import connection

    from rewards.ledger.queries import lot_rooms, months_until
    from rewards.ledger.standing import standing_of

    account_of_few = _filled(FEW)
    connection.close()
    with stage.owner() as owner:
        owner.execute(f"CREATE DATABASE {SMALL} TEMPLATE {DATABASE}")
    account_of_many = _filled(MANY)
    months = months_until(datetime.now(UTC).date())
    told: dict[str, tuple[dict[str, list[float]], int]] = {SMALL: ({}, account_of_few), DATABASE: ({}, account_of_many)}
    for _ in range(ROUNDS):
        for name, (times, account) in told.items():
            connection.close()
            connection.settings_dict["NAME"] = name
            for what, read in (
                ("credit of an account", lambda account=account: lot_rooms(account, "USD")),
                ("liability of the programme", lambda: standing_of("USD", months)),
            ):
                read()  # connects
                times.setdefault(what, []).append(median(_seconds(read) for _ in range(READS)))
    few, many = ({what: median(times) for what, times in told[name][0].items()} for name in (SMALL, DATABASE))
    return few, many


def _filled(postings: int) -> int:
    """Puts so many postings more on the books; an account that has some of them."""
    from rewards.ledger.folding import fold
    from rewards.ledger.queries import liability, months_until
    from rewards.ledger.standing import standing_of
    from tests.benchmarks.books import LEFT, POSTINGS_A_LOT, fill

    fold()
    today = datetime.now(UTC).date()
    expected = liability("USD") + postings // POSTINGS_A_LOT * LEFT
    account = fill(postings, today, folded=True)
    standing = standing_of("USD", months_until(today))
    if not standing.holds or not standing.owed == liability("USD") == expected:
        raise RuntimeError(f"The page says {standing.owed}, the postings {liability('USD')}, not {expected}.")
    return account


def _seconds(read: Callable[[], object]) -> float:
    started = time.perf_counter()
    read()
    return time.perf_counter() - started
