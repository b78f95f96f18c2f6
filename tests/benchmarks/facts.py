"""Facts of one day: of all accounts, of a tenth of them, and of the hundredth that is dirty.

All on one durable PostgreSQL (fsync and synchronous_commit on), as the
application's role and by its own verbs, one worker. The company of a tenth has a
database of its own beside the whole one, so that both are asked in turns and a slow
minute of the machine slows both. Each account has two
subscriptions with three terms, tickets, answers and two months of use; all that ships is
live (milestones, streaks and the track, segments, tiers), scores have their cut points, and
there are facts of the day before, as every night. Both kinds of refresh count runs, score,
and place in segments and tiers; the one of dirty accounts looks for milestones besides.
Between two measurements the day's facts and moves are emptied by the owner of the tables;
the dirty accounts have new use, are marked like intake does, and are served in the steps in
which the worker serves them.
"""

import os
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, date, datetime, timedelta
from statistics import median

from psycopg import sql

from loyalty.engines.postgres import DATABASE
from tests.benchmarks import stage
from tests.benchmarks.results import Result

ACCOUNTS = int(os.environ.get("FACTS_ACCOUNTS", "100000"))
TENTH = ACCOUNTS // 10
TENTH_DATABASE = "tenth"
ROUNDS = 5
# Promised: a hundredth dirty costs at most this share of all, and ten times the accounts this many times the time.
DIRTY_SHARE = 0.06
TEN_TIMES = 11.0

# What a company of accounts (first, last] has been doing up to the day.
FILL = (
    """
    INSERT INTO accounts_account (external_id, name, industry, country, goals, plan_segment, time_zone, signed_up_on,
                                  traits, created_at)
    SELECT 'acct-' || n, 'Company ' || n, '', '', '', 'mid_market', 'UTC', %(day)s::date - 400 - n %% 300, '{}', now()
    FROM generate_series(%(first)s + 1, %(last)s) n ORDER BY n
    """,
    """
    INSERT INTO accounts_contact (external_id, account_id, name, email, role, traits, created_at)
    SELECT a.external_id || '-' || n, a.id, '', '', 'user', '{}', now()
    FROM made a, generate_series(1, 2) n
    """,
    """
    INSERT INTO accounts_subscription (external_id, account_id, starts_on, told_as, created_at)
    SELECT a.external_id || '-' || n, a.id, %(day)s::date - 200 * n, '', now() FROM made a, generate_series(1, 2) n
    """,
    """
    INSERT INTO accounts_subscriptionterm (subscription_id, from_day, plan, billing_frequency, seats, mrr, currency,
                                           is_trial, is_cancelling, told_as)
    SELECT s.id, s.starts_on + 60 * n, 'Pro', 'annual', 5 + n, 100 + 10 * n, 'USD', false, false, ''
    FROM made a JOIN accounts_subscription s ON s.account_id = a.id, generate_series(0, 2) n
    """,
    """
    INSERT INTO accounts_ticket (external_id, account_id, opened_at, closed_at, priority, satisfaction)
    SELECT a.external_id, a.id, %(day)s::date - (a.id %% 60)::int, %(day)s::date - (a.id %% 50)::int, '', 4 FROM made a
    """,
    """
    INSERT INTO accounts_feedbackscore (external_id, account_id, kind, score, at)
    SELECT a.external_id, a.id, 'nps', (a.id %% 11)::int, %(day)s::date - (a.id %% 200)::int FROM made a
    """,
    """
    INSERT INTO accounts_dailyusage (account_id, day, events, key_actions, sign_ins, seconds)
    SELECT a.id, %(day)s::date - n, 6, 1, 1, 600 FROM made a, generate_series(0, 59, 7) n
    """,
    """
    INSERT INTO accounts_eventday (account_id, day, name, quantity)
    SELECT a.id, %(day)s::date - n, name, 2
    FROM made a, generate_series(0, 59, 7) n, unnest(ARRAY['Signed In', 'Report Exported', 'API Call']) AS name
    """,
    """
    INSERT INTO accounts_contactday (account_id, day, contact_id, events, key_actions)
    SELECT c.account_id, %(day)s::date - n, c.id, 3, 0
    FROM made a JOIN accounts_contact c ON c.account_id = a.id, generate_series(0, 59, 7) n
    """,
)
MADE = """
CREATE TEMPORARY TABLE made AS
SELECT id, external_id FROM accounts_account ORDER BY id OFFSET %(first)s LIMIT %(last)s - %(first)s
"""
# New use of every hundredth account, on a day when it had none.
USE = """
WITH chosen AS (SELECT id FROM accounts_account WHERE id %% 100 = 0),
used AS (
    INSERT INTO accounts_dailyusage (account_id, day, events, key_actions, sign_ins, seconds)
    SELECT id, %(day)s::date - 1 - %(round)s, 1, 1, 0, 60 FROM chosen
    ON CONFLICT (account_id, day) DO UPDATE SET key_actions = accounts_dailyusage.key_actions + 1
)
INSERT INTO accounts_factsdirty (account_id, day) SELECT id, %(day)s FROM chosen
"""


def run() -> list[Result]:
    """Measure all three in one run; medians of the rounds."""
    day = datetime.now(UTC).date()
    few, many = [], []
    with stage.engines():
        _fill(0, TENTH, day)
        _night_before(day)
        _copy_database()
        _fill(TENTH, ACCOUNTS, day)
        _night_before(day)
        for _ in range(ROUNDS):
            with _within(TENTH_DATABASE):
                few.append(_all(day, TENTH_DATABASE))
            many.append(_all(day, DATABASE))
        dirty = [_dirty(day, n) for n in range(ROUNDS)]
    share = median(dirty) / median(many)
    growth = median(ten / one for one, ten in zip(few, many, strict=True))
    return [
        Result("facts", f"all of {TENTH:,} accounts", median(few), "s", detail={"rounds": few}),
        Result("facts", f"all of {ACCOUNTS:,} accounts", median(many), "s", detail={"rounds": many}),
        Result("facts", f"{ACCOUNTS // 100:,} dirty accounts", median(dirty), "s", detail={"rounds": dirty}),
        Result(
            "facts", "1 % dirty, of all", share, "x", f"at most {DIRTY_SHARE} of a full refresh", share <= DIRTY_SHARE
        ),
        Result("facts", "10 times the accounts", growth, "x", f"at most {TEN_TIMES:g} times", growth <= TEN_TIMES),
    ]


def _copy_database() -> None:
    """The company as it is now, once more beside."""
    from django.db import connection

    connection.close()
    with stage.owner("postgres") as line:
        copy = sql.SQL("CREATE DATABASE {} TEMPLATE {}")
        line.execute(copy.format(sql.Identifier(TENTH_DATABASE), sql.Identifier(DATABASE)))


@contextmanager
def _within(database: str) -> Iterator[None]:
    """The application works in this database."""
    from django.db import connection

    connection.close()
    connection.settings_dict["NAME"] = database
    yield
    connection.close()
    connection.settings_dict["NAME"] = DATABASE


def _night_before(day: date) -> None:
    """Facts, cut points, segments and tiers of the day before, for whoever has none."""
    from accounts.facts.scores.verbs import cut_if_due
    from accounts.facts.verbs import refresh
    from loyalty.shipped import ensure_shipped

    before = day - timedelta(days=1)
    ensure_shipped(effective_at=datetime.combine(before, datetime.min.time(), UTC))
    refresh(None, before, before)
    cut_if_due(before)
    with stage.owner() as connection:
        # New rules and new cut points mark everybody, which this night has served.
        connection.execute("DELETE FROM accounts_factsdirty")


def _all(day: date, database: str) -> float:
    """Seconds of a full refresh that finds the day empty."""
    from accounts.facts.verbs import refresh

    with stage.owner(database) as connection:
        connection.execute("DELETE FROM accounts_accountfacts WHERE day = %s", [day])
        connection.execute("DELETE FROM accounts_segmentmove WHERE day = %s", [day])
        connection.execute("DELETE FROM accounts_tiermove WHERE day = %s", [day])
        connection.execute("VACUUM ANALYZE accounts_accountfacts")
    return _seconds(lambda: refresh(None, day, day))


def _dirty(day: date, n: int) -> float:
    """Seconds of serving the accounts that were used and marked just before."""
    from accounts.facts.verbs import refresh_dirty
    from loyalty.pipeline import DIRTY_ACCOUNTS_A_STEP

    def serve() -> int:
        served = 0
        while found := refresh_dirty(DIRTY_ACCOUNTS_A_STEP, up_to=day):
            served += len(found)
        return served

    with stage.owner() as connection:
        connection.execute(USE, {"day": day, "round": n})
    return _seconds(serve)


def _seconds(work: Callable[[], int]) -> float:
    begun = time.perf_counter()
    if not work():
        raise AssertionError("Nothing was refreshed.")
    return round(time.perf_counter() - begun, 3)


def _fill(first: int, last: int, day: date) -> None:
    values = {"first": first, "last": last, "day": day}
    with stage.owner() as connection:
        connection.execute(FILL[0], values)
        connection.execute(MADE, values)
        for statement in FILL[1:]:
            connection.execute(statement, values)
        connection.execute("VACUUM ANALYZE")
