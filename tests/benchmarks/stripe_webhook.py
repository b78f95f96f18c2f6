"""A webhook of Stripe: ours against dj-stripe 2.x, on the same durable PostgreSQL.

Each side is called through its own view, one event after the other on one
connection, with Stripe's signature checked and an answer only after commit.
The two take turns in short rounds, ours before and after each of theirs, so
that whatever else the machine does falls on both; the ratio is the median of
the rounds. dj-stripe lives in an environment of its own that is made for the
run; where it cannot be installed, the figure recorded below stands in for it,
with its date.
"""

import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from statistics import median
from typing import Any

from loyalty.engines import locate
from loyalty.engines.postgres import OWNER_ROLE, PORT
from tests.benchmarks import stage
from tests.benchmarks.results import Result

SUBSCRIPTIONS = 100
ROUNDS = 8
SECRET = "whsec_of_the_benchmark"
LEAST = 5
PEER = "peer"
# Measured by this benchmark, on two cores with nothing else to do.
RECORDED: dict[str, Any] = {
    "per_second": 22.5,
    "ratio": 10.23,
    "date": "2026-11-26",
    "versions": {"dj-stripe": "2.11.0", "stripe": "15.6.2", "django": "5.2.19"},
}

Event = dict[str, Any]
Turn = Callable[[int], float]


def run() -> list[Result]:
    """Measure both sides in one run; more is better."""
    with stage.engines():
        ours = _our_turn()
        try:
            with _peer() as (theirs, versions):
                spent = _rounds(ours, theirs)
        except _NotHere as missing:
            sys.stderr.write(f"dj-stripe cannot be installed here ({missing}): its recorded figure is told.\n")
            return _told([_pace(ours(n)) for n in range(ROUNDS)], None, None, RECORDED)
    paces = [pace for _, own in spent for pace in own]
    their_paces = [_pace(taken) for taken, _ in spent]
    ratios = [sum(own) / len(own) / _pace(taken) for taken, own in spent]
    detail = {
        "versions": versions,
        "dj-stripe measured": "in this run",
        "rounds": [round(r, 2) for r in sorted(ratios)],
    }
    return _told(paces, median(their_paces), median(ratios), detail)


class _NotHere(Exception):
    """dj-stripe cannot be installed."""


def _told(ours: list[float], theirs: float | None, ratio: float | None, detail: dict[str, Any]) -> list[Result]:
    per_second = RECORDED["per_second"] if theirs is None else theirs
    times = RECORDED["ratio"] if ratio is None else ratio
    return [
        Result("stripe", "webhook, ours", round(median(ours), 1), "events/s"),
        Result("stripe", "webhook, dj-stripe", round(per_second, 1), "events/s", detail=detail),
        Result("stripe", "ours : dj-stripe", round(times, 2), "×", f"at least {LEAST}", times >= LEAST, detail=detail),
    ]


def _rounds(ours: Turn, theirs: Turn) -> list[tuple[float, list[float]]]:
    """Of each round the seconds that they took for one turn, and our events a second before and after it."""
    found = []
    before = _pace(ours(0))
    for n in range(ROUNDS):
        taken = theirs(n)
        after = _pace(ours(n + 1))
        found.append((taken, [before, after]))
        before = after
    return found


def _pace(seconds: float) -> float:
    return SUBSCRIPTIONS / seconds


def _our_turn() -> Turn:
    """Send the events of one turn, an event for each subscription; returns the seconds that it took."""
    from django.test import Client
    from stripe import WebhookSignature

    from accounts.records.models import Account, SubscriptionTerm
    from accounts.sources.rules import Kind, Scheme
    from accounts.sources.secrets import keep_secret
    from accounts.sources.verbs import create_source

    source = create_source("Billing", [Kind.SUBSCRIPTION], acting_user=None)
    keep_secret(source, Scheme.STRIPE, SECRET, acting_user=None)
    Account.objects.bulk_create(Account(external_id=f"cus_{n}", name=f"Company {n}") for n in range(SUBSCRIPTIONS))
    client, address = Client(SERVER_NAME="localhost"), f"/webhooks/stripe/{source.pk}"

    def send(events: list[Event]) -> None:
        for event in events:
            body = json.dumps(event)
            headers = {"Stripe-Signature": WebhookSignature.generate_signature_header(body, SECRET)}
            answer = client.post(address, body, content_type="application/json", headers=headers)
            if answer.status_code != 200 or answer.json()["accepted"] != 1:
                raise RuntimeError(f"We answered {answer.status_code}: {answer.content[:500]!r}")

    def turn(number: int) -> float:
        events = _events("updated", number + 1)
        started = time.perf_counter()
        send(events)
        spent = time.perf_counter() - started
        if SubscriptionTerm.objects.count() != SUBSCRIPTIONS * (number + 2):
            raise RuntimeError("Not every event became a term.")
        return spent

    send(_events("created", 0))
    return turn


@contextmanager
def _peer() -> Iterator[tuple[Turn, dict[str, str]]]:
    """dj-stripe in a process and a database of its own, ready to take its turns, and the versions of it."""
    with tempfile.TemporaryDirectory(prefix="loyalty-peer-") as folder:
        python = Path(folder) / "env" / "bin" / "python"
        try:
            subprocess.run(["uv", "venv", "--quiet", str(python.parents[1])], check=True, timeout=120)
            wanted = ["dj-stripe>=2,<3", "psycopg[binary]"]
            install = ["uv", "pip", "install", "--quiet", "--python", str(python), *wanted]
            subprocess.run(install, check=True, timeout=300)
        except (OSError, subprocess.SubprocessError) as missing:
            raise _NotHere(missing) from missing
        with stage.owner() as connection:
            connection.execute(f"CREATE DATABASE {PEER}")
        database = {"NAME": PEER, "USER": OWNER_ROLE, "HOST": str(locate().places.socket_dir), "PORT": PORT}
        given = {
            "objects": _objects(),
            "warm_up": _events("created", 0),
            "turns": [_events("updated", n + 1) for n in range(ROUNDS)],
        }
        events = Path(folder) / "events.json"
        events.write_text(json.dumps(given))
        environment = {name: os.environ[name] for name in ("PATH", "HOME", "LANG") if name in os.environ}
        environment |= {"PEER_EVENTS": str(events), "PEER_DATABASE": json.dumps(database)}
        command = [str(python), str(Path(__file__).with_name("stripe_peer.py"))]
        pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE}
        with subprocess.Popen(command, env=environment, text=True, **pipes) as process:

            def ask(number: int | None) -> dict[str, Any]:
                if number is not None:
                    process.stdin.write(f"{number}\n")
                    process.stdin.flush()
                answer: dict[str, Any] = json.loads(process.stdout.readline() or "{}")
                if answer.get("subscriptions") != SUBSCRIPTIONS:
                    raise RuntimeError("dj-stripe did not take every subscription in.")
                return answer

            yield lambda number: float(ask(number)["seconds"]), ask(None)["versions"]
            process.stdin.close()


def _events(step: str, turn: int) -> list[Event]:
    """An event of each subscription, `turn` days after the first, with a seat more each time round."""
    begun = 1_767_225_600  # 1 January 2026
    return [
        {
            "id": f"evt_{step}_{turn}_{n}",
            "object": "event",
            "type": f"customer.subscription.{step}",
            "api_version": "2025-09-30.clover",
            "created": begun + turn * 86_400 + n,
            "livemode": False,
            "pending_webhooks": 1,
            "request": {"id": None, "idempotency_key": None},
            "data": {"object": _subscription(n, seats=turn + 1, begun=begun)},
        }
        for n in range(SUBSCRIPTIONS)
    ]


def _objects() -> dict[str, Any]:
    """What Stripe would answer when it is asked for an object."""
    product = {"id": "prod_1", "object": "product", "name": "Suite", "active": True, "livemode": False, "metadata": {}}
    product |= {"created": 1_700_000_000, "type": "service"}
    account = {"id": "acct_1", "object": "account", "type": "standard", "country": "US", "metadata": {}}
    account |= {"business_profile": {}, "settings": {"branding": {}, "dashboard": {}, "payments": {}}}
    customers = {f"cus_{n}": _customer(n) for n in range(SUBSCRIPTIONS)}
    subscriptions = {f"sub_{n}": _subscription(n, 1, 1_767_225_600) for n in range(SUBSCRIPTIONS)}
    return {"prod_1": product, "price_1": _price(), "account": account, "acct_1": account, **customers, **subscriptions}


def _customer(n: int) -> Event:
    return {
        "id": f"cus_{n}",
        "object": "customer",
        "name": f"Company {n}",
        "email": f"billing@{n}.example.test",
        "created": 1_700_000_000,
        "balance": 0,
        "currency": "usd",
        "delinquent": False,
        "livemode": False,
        "metadata": {},
    }


def _price() -> Event:
    return {
        "id": "price_1",
        "object": "price",
        "active": True,
        "billing_scheme": "per_unit",
        "created": 1_700_000_000,
        "currency": "usd",
        "livemode": False,
        "metadata": {},
        "nickname": "Team",
        "product": "prod_1",
        "recurring": {"interval": "month", "interval_count": 1, "usage_type": "licensed"},
        "type": "recurring",
        "unit_amount": 2000,
        "unit_amount_decimal": "2000",
    }


def _subscription(n: int, seats: int, begun: int) -> Event:
    period = {"current_period_start": begun, "current_period_end": begun + 31 * 86_400}
    item = {
        "id": f"si_{n}",
        "object": "subscription_item",
        "created": begun,
        "metadata": {},
        "price": _price(),
        "quantity": seats,
        "subscription": f"sub_{n}",
        "discounts": [],
        "tax_rates": [],
        **period,
    }
    return {
        "id": f"sub_{n}",
        "object": "subscription",
        "customer": f"cus_{n}",
        "status": "active",
        "created": begun,
        "start_date": begun,
        "billing_cycle_anchor": begun,
        "cancel_at_period_end": False,
        "collection_method": "charge_automatically",
        "currency": "usd",
        "discounts": [],
        "items": {"object": "list", "data": [item], "has_more": False, "url": "/v1/subscription_items"},
        "latest_invoice": None,
        "livemode": False,
        "metadata": {},
        **period,
    }
