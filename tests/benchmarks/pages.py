"""The queue and the list of accounts: as a person gets them, against the bare SQL and against counted pages.

On one durable PostgreSQL, as the application's role. Each account has facts of today and a
manager of Customer Success; 20,000 offers are undecided. Four pages are asked for: the first of
my book, the first and one from the middle of my function's queue, and one from the middle of the
accounts. "Bare SQL" is what the page asks the database, sent again by hand and fetched whole;
"counted pages" is Django's Paginator over the same rows, with the full count of every view that
the page counts, against the page's own way of finding the same rows. Medians of the rounds.
"""

import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from statistics import median
from typing import Any

from tests.benchmarks import stage
from tests.benchmarks.results import Result

ACCOUNTS = 100_000
TEN_TIMES = 10 * ACCOUNTS
OFFERS = 20_000
MANAGERS = 100
ROUNDS = 15
# Promised: so many times the bare SQL at most, so many times as fast as counted pages at least, and
# with ten times the accounts so many times the time at most.
BARE, COUNTED, GROWTH = 10.0, 4.0, 1.5

FILL_ACCOUNTS = """
INSERT INTO accounts_account (external_id, name, industry, country, goals, plan_segment, time_zone, signed_up_on,
                              traits, cs_manager_id, created_at)
SELECT 'acct-' || n, 'Company ' || to_char(n::bigint * 7919 %% 10000019, 'FM00000000'), '', '', '', 'mid_market', 'UTC',
       %(day)s::date - 400, '{}', (%(managers)s::bigint[])[1 + n %% cardinality(%(managers)s::bigint[])], now()
FROM generate_series(%(first)s + 1, %(last)s) n
"""

FILL_FACTS = """
INSERT INTO accounts_accountfacts (account_id, day, plan_segment, billing_frequency, mrr, arr, seats_bought,
                                   seats_active, seat_utilisation, renews_on, days_to_renewal, days_since_sign_in,
                                   days_since_key_action, nps, milestones, streaks, segments)
SELECT id, %(day)s, 'mid_market', 'annual', 100 + id %% 900, 12 * (100 + id %% 900), 30, 20 + id %% 10, 0.8,
       %(day)s::date + (id %% 300)::int, (id %% 300)::int, (id %% 40)::int, (id %% 40)::int, (id %% 11)::int,
       '{}', '{}', '{}'
FROM accounts_account WHERE external_id LIKE 'acct-%%'
ON CONFLICT DO NOTHING
"""

FILL_OFFERS = """
WITH made AS (
    INSERT INTO rewards_offer (account_id, campaign_id, campaign_version, cause_key, step, reward_id, reward_name,
        face_value, discount_equivalent, currency, validity_days, evidence, digest, state, awaits, due_at,
        assigned_to_id, proposed_at)
    SELECT a.id, o.campaign_id, 1, 'bench', 1, o.reward_id, o.reward_name, o.face_value, 10 + a.id %% 290, o.currency,
           o.validity_days, o.evidence, o.digest, 'in_approval', '{cs}', now() + (a.id %% 96) * interval '1 hour',
           a.cs_manager_id, now()
    FROM rewards_offer AS o, accounts_account AS a
    WHERE o.id = %(pattern)s AND a.external_id LIKE 'acct-%%' ORDER BY a.id LIMIT %(offers)s
    RETURNING id, due_at
)
INSERT INTO rewards_approvalstep (offer_id, function, position, why, state, due_at, digest, note)
SELECT id, 'cs', 1, 'owns the campaign', 'waiting', due_at, '', '' FROM made
"""


@dataclass(frozen=True)
class Asked:
    """One page; `counted` finds its rows with full counts, `own` as the page does."""

    name: str
    path: str
    own: Callable[[], object]
    counted: Callable[[], object]


def run() -> list[Result]:
    """Measure all pages at both sizes in one run."""
    day = datetime.now(UTC).date()
    with stage.engines():
        # Models can be imported only once the engines have told the settings where they are.
        from tests.benchmarks.pages_asked import asked, open_the_door, set_the_stage

        managers = set_the_stage(MANAGERS)
        _fill(0, ACCOUNTS, managers, day)
        client = open_the_door(managers[0])
        few = {page.name: _measure(page, client) for page in asked(managers[0])}
        _fill(ACCOUNTS, TEN_TIMES, managers, day)
        many = {page.name: _seconds(lambda page=page: _get(client, page.path)) for page in asked(managers[0])}
    results = []
    for name, (page, bare, own, counted) in few.items():
        ratio, faster, growth = page / bare, counted / own, many[name] / page
        results += [
            Result("pages", f"{name}: page", page * 1000, "ms", detail={"bare": bare, "own": own, "counted": counted}),
            Result("pages", f"{name}: against bare SQL", ratio, "x", f"at most {BARE:g}", ratio <= BARE),
            Result("pages", f"{name}: faster than counted", faster, "x", *_counted(name, faster)),
            Result("pages", f"{name}: 10 times the accounts", growth, "x", f"at most {GROWTH:g}", growth <= GROWTH),
        ]
    return results


def _counted(name: str, faster: float) -> tuple[str, bool | None]:
    """A book of some hundred offers costs little to count; the promise is for the long lists."""
    return ("", None) if "book" in name else (f"at least {COUNTED:g}", faster >= COUNTED)


def _measure(page: Asked, client: Any) -> tuple[float, ...]:
    """Seconds of the page, of its bare SQL, and of finding its rows both ways."""
    from tests.benchmarks.pages_asked import statements_of

    statements = statements_of(client, page.path)
    return tuple(_in_turns(lambda: _get(client, page.path), lambda: _bare(statements), page.own, page.counted))


def _get(client: Any, path: str) -> None:
    answer = client.get(path, secure=True)
    if answer.status_code != 200 or b"data-row" not in answer.content:
        raise AssertionError(f"{path} answered {answer.status_code} without rows.")


def _bare(statements: list[str]) -> None:
    from django.db import connection

    with connection.cursor() as cursor:
        for statement in statements:
            cursor.execute(statement)
            cursor.fetchall()


def _seconds(work: Callable[[], object]) -> float:
    (seconds,) = _in_turns(work)
    return seconds


def _in_turns(*works: Callable[[], object]) -> list[float]:
    """The median seconds of each, taken in turns, so that a moment in which the machine is slow slows all."""
    rounds: list[list[float]] = [[] for _ in works]
    for turn in range(ROUNDS + 1):
        for work, seconds in zip(works, rounds, strict=True):
            begun = time.perf_counter()
            work()
            if turn:  # the first warms up
                seconds.append(time.perf_counter() - begun)
    return [median(seconds) for seconds in rounds]


def _fill(first: int, last: int, managers: list[int], day: Any) -> None:
    from tests.benchmarks.pages_asked import pattern_offer

    values = {"first": first, "last": last, "managers": managers, "day": day, "offers": OFFERS}
    with stage.owner() as connection:
        connection.execute(FILL_ACCOUNTS, values)
        connection.execute(FILL_FACTS, values)
        if not first:
            connection.execute(FILL_OFFERS, values | {"pattern": pattern_offer()})
        connection.execute("VACUUM ANALYZE")
    if not first:
        from rewards.approvals.refreshing import rank_open_offers

        rank_open_offers(day)
