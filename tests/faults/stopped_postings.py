"""PostgreSQL is stopped at once while credit is redeemed, over and over; programs ask again with the same keys."""

import subprocess
import sys
from collections import Counter
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from accounts.sources.rules import key_digest
from loyalty.engines.layout import CHECKOUT
from rewards.delivery.api.rules import new_key
from tests.engines.application import Application, clean_environ
from tests.faults.senders import Letter, Senders
from tests.faults.stopped_database import stop_among

CENT = Decimal("0.01")
CLIENTS = 4
PREFIX = "stopped"

LEFT = """
SELECT -coalesce(sum(l.amount), 0) FROM rewards_postingline l
JOIN rewards_creditlot c ON c.id = l.lot_id JOIN accounts_account a ON a.id = c.account_id
WHERE c.currency = 'USD' AND a.external_id = %s
"""
MAKE_KEY = """
INSERT INTO rewards_apikey (name, digest, hint, may_redeem, created_at)
VALUES ('Fault', %s, %s, true, now()) RETURNING id
"""
WRITTEN = "SELECT key, answer FROM rewards_redemption WHERE by_id = %s AND posting_id IS NOT NULL"


@dataclass
class Stopped:
    """What the stops did: redemptions acknowledged and written, the credit that went, and what the check says."""

    acknowledged: int = 0
    written: int = 0
    answered_otherwise: int = 0
    gone: Decimal = Decimal(0)
    check: str = ""
    answers: Counter[int] = field(default_factory=Counter)
    without_retry_after: int = 0
    longest_away: float = 0.0


def stop_amid_redemptions(application: Application, count: int, times: int) -> Stopped:
    """Redeem a cent that many times with four clients; stop PostgreSQL that many times, evenly spread among them."""
    key = new_key()
    with application.database() as database:
        ((by,),) = database.execute(MAKE_KEY, [key_digest(key), key[-4:]]).fetchall()
    account, before = f"{PREFIX}-{by}", count * CENT + 1
    given = _run(application, "-m", "tests.faults.spender", account, str(before))
    assert given.returncode == 0, given.stderr

    def letter(number: int) -> Letter:
        wish = {"account": account, "amount": f"{CENT}", "currency": "USD", "invoice": f"{PREFIX}-{by}-{number}"}
        known = {"Authorization": f"Bearer {key}", "Idempotency-Key": f"{PREFIX}-{by}-{number}"}
        return Letter("/v1/redemptions", wish, {"Content-Type": "application/json", **known})

    found = Stopped()
    with Senders(application.ready["url"], letter, CLIENTS).at_work(count) as sent:
        found.longest_away = stop_among(application, sent, count, times)
    found.acknowledged, found.answers = len(sent.acknowledged), sent.answers
    found.without_retry_after = sent.without_retry_after
    told = {f"{PREFIX}-{by}-{number}": answer for number, answer in sent.acknowledged.items()}
    with application.database() as database:
        kept: dict[str, Any] = dict(database.execute(WRITTEN, [by]).fetchall())
        ((after,),) = database.execute(LEFT, [account]).fetchall()
    found.written = len(kept)
    found.answered_otherwise = sum(kept.get(key) != answer for key, answer in told.items())
    found.gone = before - after
    checked = _run(application, str(CHECKOUT / "manage.py"), "check_ledger")
    found.check = "" if checked.returncode == 0 else checked.stdout + checked.stderr
    return found


def _run(application: Application, *command: str) -> subprocess.CompletedProcess[str]:
    """A program beside the running application, on the same engines."""
    told = {"DJANGO_SETTINGS_MODULE": "loyalty.settings", "LOYALTY_DATA_DIR": str(application.places.data_dir)}
    return subprocess.run(
        [sys.executable, *command],
        env=clean_environ() | told,
        cwd=CHECKOUT,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
