"""Fault rows 13 and 19: the ledger under many clients at once, and with crashes between any two statements."""

import random
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal

from django.db import transaction

from loyalty.core.errors import DomainError
from loyalty.core.people.models import User
from loyalty.core.people.rules import Function
from rewards.ledger.models import CreditLot, Posting
from rewards.ledger.queries import liability
from rewards.ledger.reconciliation import check
from rewards.ledger.verbs import expire_lot, issue_credit, redeem, reverse
from rewards.offers.models import Grant
from tests.factories import PersonFactory
from tests.faults.clients import NOW, all_granted, granted, offers, shared_out, shared_out_to_processes

TODAY = NOW.date()
# So many operations share ten customers, and then others come: a customer with thousands of credits is nobody's.
A_SEASON = 2_000


def drain(clients: int) -> tuple[int, Decimal]:
    """Row 13: 50 redemptions of $7 at once from $100. How many succeed, and what is left."""
    posting = issue_credit(granted(offers(1, Decimal(100))[0]), booked_on=TODAY, acting_user=None)

    def take(number: int) -> bool:
        try:
            redeem(
                posting.account_id,
                Decimal(7),
                "USD",
                request=f"r{number}",
                invoice=f"{number}",
                booked_on=TODAY,
                acting_user=None,
            )
        except DomainError:
            return False
        return True

    return sum(shared_out(take, range(50), clients)), liability("USD")


class Crash(Exception):
    """The worker dies here: what it had not committed is gone."""


@dataclass(frozen=True)
class Storm:
    """What stands after random operations, many of which died in the middle and were said again."""

    operations: int
    crashes: int
    doubled: int
    problems: list[str]


def storm(clients: int, count: int, *, processes: int = 1, seed: int = 19) -> Storm:
    """Row 19: random issues, redemptions, expiries and reversals; a third dies before it commits and is retried.

    So many `clients` live in each of the `processes`; one process is this one.
    """
    finance = PersonFactory(functions=[Function.FINANCE])
    sizes = [min(A_SEASON, count - before) for before in range(0, count, A_SEASON)]
    seasons = [all_granted(offers(max(size // 4, 1), Decimal(10), accounts=10)) for size in sizes]
    chance = random.Random(seed)
    plan = [(n, chance.random() < 1 / 3, chance.randrange(10**9)) for n in range(count)]
    before = Posting.objects.count()

    def live(step: tuple[int, bool, int]) -> Counter[str]:
        number, dies, dice = step
        act = _operation(number, dice, seasons[number // A_SEASON], finance)
        seen: Counter[str] = Counter()
        if dies:
            seen["crash"] += _die_in(act)
        first, again = _result(act), _result(act)
        seen["doubled"] += isinstance(first, Posting) and again != first
        return seen

    lived = (
        shared_out_to_processes(live, plan, clients, processes) if processes > 1 else shared_out(live, plan, clients)
    )
    total: Counter[str] = sum(lived, Counter())
    found = check()
    return Storm(
        operations=found.postings - before,
        crashes=total["crash"],
        doubled=total["doubled"],
        problems=[f"{p.row}: {p.words}" for p in found.problems],
    )


def _operation(number: int, dice: int, grants: list[Grant], finance: User) -> Callable[[], object]:
    """What one client wants; the same number is always the same wish, so that saying it again is a retry."""
    place = number % A_SEASON
    grant = grants[place] if place < len(grants) else grants[dice % len(grants)]
    late = TODAY + timedelta(days=400)
    if place < len(grants):
        return lambda: issue_credit(grant, booked_on=TODAY, acting_user=None)
    if dice % 10 < 6:
        return lambda: redeem(
            grant.account_id,
            Decimal(dice % 700 + 1) / 100,
            "USD",
            request=str(number),
            invoice=str(number),
            booked_on=TODAY,
            acting_user=None,
        )
    if dice % 10 < 8:
        lot = CreditLot.objects.filter(grant=grant)
        return lambda: [expire_lot(pk, booked_on=late, acting_user=None) for pk in lot.values_list("pk", flat=True)]
    posting = Posting.objects.filter(account_id=grant.account_id).exclude(kind="reverse").order_by("id")
    chosen = posting[dice % 5 : dice % 5 + 1]
    return lambda: [reverse(p, "Wrong", acting_user=finance, booked_on=late) for p in chosen]


def _die_in(act: Callable[[], object]) -> int:
    """Run all of it but the commit."""
    try:
        with transaction.atomic():
            act()
            raise Crash
    except Crash:
        return 1
    except DomainError:
        return 0


def _result(act: Callable[[], object]) -> object:
    try:
        return act()
    except DomainError as refusal:
        return str(refusal)
