"""Facts that were kept up to date as files came in equal facts counted again from the raw events.

The data has RavenStack's shape: subscriptions that overlap, plan by plan, use
told by the subscription and the day, tickets with ratings.
"""

import random
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest
from django.db import connection

from accounts.facts.models import AccountFacts, FactsDirty
from accounts.facts.verbs import refresh, refresh_dirty
from accounts.records.models import Account
from accounts.usage.counting import COUNTING, GIGABYTES
from accounts.usage.models import KeyAction
from tests.accounts.facts.history import COLUMNS
from tests.accounts.files.files import take

FIRST, LAST = date(2024, 1, 1), date(2024, 6, 30)
PLANS = (("Basic", 19), ("Pro", 49), ("Enterprise", 199))
RECOUNT = f"""
WITH stored AS (SELECT account_id, contact_id, name, quantity, seconds, occurred_at, {GIGABYTES} FROM accounts_event),
{COUNTING}
SELECT count(*) FROM stored
"""
USAGE = ("accounts_dailyusage", "accounts_eventday", "accounts_contactday", "accounts_meteredday")
HEADS = {
    "account": "account_id,account_name,industry,country,signup_date,plan_tier,seats,is_trial",
    "subscription": "subscription_id,account_id,start_date,end_date,plan_tier,seats,mrr_amount,is_trial,"
    "billing_frequency",
    "usage": "usage_id,subscription_id,usage_date,feature_name,usage_count,usage_duration_secs",
    "support": "ticket_id,account_id,submitted_at,closed_at,priority,satisfaction_score",
}


def made_up(chance: random.Random) -> dict[str, list[str]]:
    """Rows of each kind of file."""
    accounts, subscriptions, usage, tickets = [], [], [], []
    for n in range(8):
        signed_up = FIRST + timedelta(days=chance.randrange(60))
        accounts.append(f"A-{n},Company_{n},EdTech,US,{signed_up},Pro,5,False")
        for m in range(chance.randrange(1, 5)):
            plan, price = chance.choice(PLANS)
            starts, seats = signed_up + timedelta(days=chance.randrange(90)), chance.randrange(1, 40)
            is_trial = chance.random() < 0.2
            ends = starts + timedelta(days=chance.randrange(1, 90)) if chance.random() < 0.4 else ""
            mrr, billing = (0 if is_trial else seats * price), chance.choice(["monthly", "annual"])
            subscriptions.append(f"S-{n}-{m},A-{n},{starts},{ends},{plan},{seats},{mrr},{is_trial},{billing}")
            for _ in range(chance.randrange(12)):
                on = starts + timedelta(days=chance.randrange(100))
                feature = f"feature_{chance.randrange(6)}"
                usage.append(f"U-{len(usage)},S-{n}-{m},{on},{feature},{chance.randrange(12)},{chance.randrange(9000)}")
        for _ in range(chance.randrange(4)):
            opened = FIRST + timedelta(days=chance.randrange(150))
            rating = chance.choice(["", "3.0", "5.0"])
            tickets.append(f"T-{len(tickets)},A-{n},{opened},{opened + timedelta(days=2)} 03:00:00,high,{rating}")
    return {"account": accounts, "subscription": subscriptions, "usage": usage, "support": tickets}


def facts() -> list[dict[str, Any]]:
    return list(AccountFacts.objects.order_by("account__external_id", "day").values(*COLUMNS))


@pytest.mark.django_db
@pytest.mark.parametrize("seed", [1, 2, 3])
def test_a_recount_from_raw_events_equals_what_was_kept_as_it_came(seed: int, tmp_path: Path) -> None:
    chance = random.Random(seed)
    KeyAction.objects.create(event_name="feature_3")
    rows = made_up(chance)
    # The first ticket tells of every account that support is told at all, so it stands at the beginning.
    rows["support"].insert(0, f"T-first,A-0,{FIRST},{FIRST} 03:00:00,low,")
    for kind in ("account", "subscription"):
        take(tmp_path, kind, "\n".join([HEADS[kind], *rows[kind]]) + "\n")
    take(tmp_path, "support", "\n".join([HEADS["support"], rows["support"][0]]) + "\n")
    FactsDirty.objects.bulk_create(FactsDirty(account=account, day=FIRST) for account in Account.objects.all())
    parts = [(kind, chance.sample(rows[kind], len(rows[kind]) * 2 // 3)) for kind in ("usage", "support")] * 2
    for kind, part in [*parts, ("usage", rows["usage"]), ("support", rows["support"])]:
        take(tmp_path, kind, "\n".join([HEADS[kind], *part]) + "\n")
        while refresh_dirty(3, up_to=LAST):
            pass
    kept = facts()

    with connection.cursor() as cursor:
        for table in (*USAGE, "accounts_accountfacts"):
            cursor.execute(f"DELETE FROM {table}")
        cursor.execute(RECOUNT)
        assert cursor.fetchone() == (len(rows["usage"]),)
    FactsDirty.objects.all().delete()
    refresh(None, FIRST, LAST)

    assert len(kept) == 8 * ((LAST - FIRST).days + 1)
    assert facts() == kept
