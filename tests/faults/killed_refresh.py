"""A worker that is killed while it works facts out: what it began is undone, and the next one does it again.

Accounts are used, get tickets and are marked in between, so that marks come in
while others are served; at the end the facts are those of a full recount.
"""

import os
import random
import signal
import subprocess
import sys
import time
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any
from urllib.parse import quote, urlencode

from django.db import connection

from accounts.facts.models import AccountFacts, FactsDirty
from accounts.facts.support import mark_support_change
from accounts.facts.verbs import refresh, refresh_dirty
from accounts.records.models import Account, Contact
from accounts.usage.models import KeyAction
from loyalty.engines.layout import CHECKOUT
from tests.accounts.facts.company import mark, ticket, use
from tests.accounts.facts.history import COLUMNS
from tests.factories import AccountFactory, ContactFactory

FIRST = date(2026, 1, 1)
DAYS = 120
LAST = FIRST + timedelta(days=DAYS - 1)
ACCOUNTS_A_STEP = 4
NAMES = ("Signed In", "Report Exported", "Dashboard Opened", "API Call")


@dataclass
class Killed:
    """How often a worker died with marks left, how many rows of facts there are, and how many differ from a recount."""

    kills: int
    at_work: int
    rows: int
    differing: int


def kill_refreshes(kills: int, accounts: int, seed: int = 5) -> Killed:
    """Kill the worker that many times at random moments (SIGKILL), each time with new marks before it."""
    chance = random.Random(seed)
    KeyAction.objects.get_or_create(event_name="Report Exported")
    companies = AccountFactory.create_batch(accounts)
    people = {company.pk: ContactFactory.create_batch(2, account=company) for company in companies}
    at_work = 0
    for _ in range(kills):
        _live(companies, people, chance)
        at_work += _kill_one(chance)
    mark_support_change()
    while refresh_dirty(200, up_to=LAST):
        pass
    kept = _facts()
    with connection.cursor() as cursor:
        cursor.execute("DELETE FROM accounts_accountfacts")
    refresh(None, FIRST, LAST)
    recounted = _facts()
    differing = sum(recounted.get(key) != row for key, row in kept.items())
    return Killed(kills, at_work, len(kept), differing)


def _live(companies: list[Account], people: dict[int, list[Contact]], chance: random.Random) -> None:
    """Everybody is used on some day and marked from there on; sometimes somebody has a ticket."""
    for company in companies:
        day = FIRST + timedelta(days=chance.randrange(DAYS))
        who = chance.choice([None, *people[company.pk]])
        use(company, day, chance.choice(NAMES), contact=who, seconds=chance.randrange(600))
        if chance.random() < 0.05:
            ticket(company, day)
        mark(company, day)


def _kill_one(chance: random.Random) -> bool:
    """Whether the worker had done something, and not all of it, when it was killed."""
    before = FactsDirty.objects.count()
    process = subprocess.Popen(
        [sys.executable, "-m", "tests.faults.refresher", str(ACCOUNTS_A_STEP), LAST.isoformat()],
        env=os.environ | {"DATABASE_URL": database_address(), "PYTHONPATH": str(CHECKOUT)},
        cwd=CHECKOUT,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert process.stdout
    assert process.stdout.readline() == "begins\n"
    end = time.monotonic() + 60
    while FactsDirty.objects.count() >= before and time.monotonic() < end:
        time.sleep(0.005)
    time.sleep(chance.uniform(0, 0.3))
    process.send_signal(signal.SIGKILL)
    process.wait()
    process.stdout.close()
    return 0 < FactsDirty.objects.count() < before


def _facts() -> dict[tuple[object, object], dict[str, Any]]:
    rows = AccountFacts.objects.values(*COLUMNS)
    return {(row["account"], row["day"]): row for row in rows}


def database_address() -> str:
    """The database of this run, as another process finds it."""
    known = connection.settings_dict
    rest = {"host": known["HOST"], "port": known["PORT"], "user": known["USER"]}
    return f"postgresql:///{quote(known['NAME'])}?{urlencode(rest)}"
