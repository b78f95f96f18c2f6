"""Reserving cap room against inserting alone, against SELECT … FOR UPDATE, and many at once against one by one.

All on the same durable PostgreSQL under CLIENTS clients, each reservation committed by itself, all of them under
one hard cap. The bare side inserts the entry and looks at no cap; the usual way locks the period's row by the ORM,
looks, inserts and updates. The sides take turns, on the same connections, which stay open as those of the
application do: what a new one costs is nobody's reservation. Many at once is one call, as a sweep makes it; its
other side is the same call for one offer at a time, both on one connection.
"""

import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from decimal import Decimal
from itertools import islice
from statistics import median
from threading import Barrier
from typing import Any

from tests.benchmarks import stage
from tests.benchmarks.results import Result

CLIENTS = 32
ROUNDS, A_ROUND, A_SWEEP = 9, 960, 5_000
ONE_BY_ONE = 100
LEAST_SHARE, LEAST_TIMES = 0.40, 20.0
ROOM = Decimal("99999999.00")

# The entries once more, with their keys and indexes, without anything that looks at caps.
_BARE = """
CREATE TABLE bare_capentry (LIKE rewards_capentry INCLUDING ALL);
ALTER TABLE bare_capentry
    ADD FOREIGN KEY (offer_id) REFERENCES rewards_offer DEFERRABLE INITIALLY DEFERRED,
    ADD FOREIGN KEY (period_id) REFERENCES rewards_capperiod DEFERRABLE INITIALLY DEFERRED;
GRANT INSERT ON bare_capentry TO PUBLIC;
GRANT USAGE ON ALL SEQUENCES IN SCHEMA public TO PUBLIC;
"""
_INSERT = """
INSERT INTO bare_capentry (period_id, offer_id, kind, amount, at) VALUES (%s, %s, 'reserve', %s, clock_timestamp())
"""


def run() -> list[Result]:
    """Measure the three sides in turns, then many at once."""
    with stage.engines():
        # Models can be imported only once the engines have told the settings where they are.
        from rewards.caps.models import CapPeriod
        from rewards.caps.verbs import reserve
        from tests.factories import CapFactory
        from tests.faults.clients import offers, request_for

        with stage.owner() as owner:
            owner.execute(_BARE)
        CapFactory(name="Programme", limit=ROOM, period="year")
        # Nothing asks for this one but the peer.
        CapFactory(name="Peer", scope="account", scope_key="0", limit=ROOM, period="year")
        pile = iter(offers(3 * (ROUNDS + 1) * A_ROUND + ROUNDS * (A_SWEEP + ONE_BY_ONE), Decimal(7), accounts=100))
        peer = _period_of_peer()
        bare, usual = _bare(peer), _for_update(peer)
        sides: dict[str, Callable[[Any], bool]] = {
            "bare": bare,
            "ours": lambda offer: reserve([request_for(offer)])[offer.pk].ok,
            "usual": usual,
        }
        paces: dict[str, list[float]] = {name: [] for name in sides}
        with _connected_clients() as shared_out:
            for turn in range(ROUNDS + 1):
                for name, work in sides.items():
                    asked = list(islice(pile, A_ROUND))
                    seconds, told = _timed(lambda work=work, asked=asked: shared_out(work, asked))
                    if told.count(True) != A_ROUND:
                        raise RuntimeError(f"{name}: {told.count(True)} of {A_ROUND} were reserved.")
                    if turn:  # the first warms up
                        paces[name].append(A_ROUND / seconds)
        many, single = _many_and_single(pile, reserve, request_for)
        taken = CapPeriod.objects.get(cap__name="Programme").reserved
    expected = 7 * ((ROUNDS + 1) * A_ROUND + ROUNDS * (A_SWEEP + ONE_BY_ONE))
    share = _ratio(paces["ours"], paces["bare"])
    against_usual, against_single = _ratio(paces["ours"], paces["usual"]), _ratio(many, single)
    return [
        Result("caps", f"insert only, {CLIENTS} clients", round(median(paces["bare"])), "a second"),
        Result("caps", "reservations under one cap, ours", round(median(paces["ours"])), "a second"),
        Result("caps", "ours : insert only", round(share, 3), "×", f"at least {LEAST_SHARE}", share >= LEAST_SHARE),
        Result("caps", "SELECT … FOR UPDATE by the ORM", round(median(paces["usual"])), "a second"),
        Result("caps", "ours : SELECT … FOR UPDATE", round(against_usual, 2), "×"),
        Result("caps", "one by one, one connection", round(median(single)), "a second"),
        Result("caps", f"{A_SWEEP:,} in one call", round(median(many)), "a second"),
        Result(
            *("caps", "many at once : one by one", round(against_single, 1), "×", f"at least {LEAST_TIMES}"),
            against_single >= LEAST_TIMES,
        ),
        Result("caps", "reserved in the end", float(taken), "$", f"exactly {expected:,}", taken == expected),
    ]


def _period_of_peer() -> int:
    from rewards.caps.models import Cap, CapPeriod
    from rewards.caps.rules import CapPeriodKind, period_of
    from tests.faults.clients import NOW

    span = period_of(CapPeriodKind.YEAR, NOW.date())
    cap = Cap.objects.get(name="Peer")
    return int(CapPeriod.objects.create(cap=cap, starts_on=span.starts_on, ends_on=span.ends_on).pk)


def _bare(period: int) -> Callable[[Any], bool]:
    from django.db import connection

    def insert(offer: Any) -> bool:
        with connection.cursor() as cursor:
            cursor.execute(_INSERT, [period, offer.pk, offer.discount_equivalent])
        return True

    return insert


def _for_update(period_id: int) -> Callable[[Any], bool]:
    from django.db import transaction
    from django.db.models import F
    from django.utils import timezone

    from rewards.caps.models import CapEntry, CapPeriod

    def reserve(offer: Any) -> bool:
        amount = offer.discount_equivalent
        with transaction.atomic():
            period = CapPeriod.objects.select_for_update(of=("self",)).select_related("cap").get(pk=period_id)
            if period.reserved + period.spent + amount > period.cap.limit:
                return False
            CapEntry.objects.create(period=period, offer=offer, kind="reserve", amount=amount, at=timezone.now())
            CapPeriod.objects.filter(pk=period_id).update(reserved=F("reserved") + amount)
        return True

    return reserve


@contextmanager
def _connected_clients() -> Iterator[Callable[[Callable[[Any], bool], Sequence[Any]], list[bool]]]:
    """A function that does the work for every item, dealt out to CLIENTS whose connections stay open between."""
    from django.db import connection

    start = Barrier(CLIENTS)

    def client(work: Callable[[Any], bool], items: Sequence[Any]) -> list[bool]:
        # Nobody begins before all are there, so each thread takes one share.
        connection.ensure_connection()
        start.wait(timeout=60)
        return [work(item) for item in items]

    def leave(_: int) -> None:
        start.wait(timeout=60)
        connection.close()

    with ThreadPoolExecutor(CLIENTS) as pool:

        def shared_out(work: Callable[[Any], bool], items: Sequence[Any]) -> list[bool]:
            shares = [pool.submit(client, work, items[number::CLIENTS]) for number in range(CLIENTS)]
            return [told for share in shares for told in share.result()]

        try:
            yield shared_out
        finally:
            list(pool.map(leave, range(CLIENTS)))


def _many_and_single(
    pile: Iterator[Any], reserve: Callable[[Sequence[Any]], Any], request_for: Callable[[Any], Any]
) -> tuple[list[float], list[float]]:
    """Reservations a second in one call, and one call each; in turns."""
    many, single = [], []
    for _ in range(ROUNDS):
        asked = [request_for(offer) for offer in islice(pile, A_SWEEP)]
        many.append(A_SWEEP / _timed(lambda asked=asked: reserve(asked))[0])
        alone = [request_for(offer) for offer in islice(pile, ONE_BY_ONE)]
        single.append(ONE_BY_ONE / _timed(lambda alone=alone: [reserve([request]) for request in alone])[0])
    return many, single


def _timed(work: Callable[[], Any]) -> tuple[float, Any]:
    started = time.perf_counter()
    told = work()
    return time.perf_counter() - started, told


def _ratio(ours: Sequence[float], theirs: Sequence[float]) -> float:
    return median(o / t for o, t in zip(ours, theirs, strict=True))
