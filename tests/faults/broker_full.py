"""Fault rows 3 and 4 in their full form: the broker emptied, and killed twenty times, under the whole application."""

from tests.benchmarks.results import Result
from tests.faults.broker import LIMIT_SECONDS, empty_broker, kill_broker
from tests.faults.whole import demo

KILLS = 20
ACCOUNTS = 600


def run() -> list[Result]:
    """The demo application on durable engines; pages are asked all along."""
    with demo() as application:
        killed = kill_broker(application, KILLS)
        emptied = empty_broker(application, ACCOUNTS)
    slowest = max(killed.seconds_to_consume)
    failed = sum(status >= 500 for status in killed.answers)
    once = emptied.accounts_with_offer == emptied.offers == ACCOUNTS
    return [
        Result("faults", "3 messages lost with the broker", emptied.lost_messages, "messages"),
        Result("faults", "3 offers for 600 accounts", emptied.offers, "offers", "exactly 600", once),
        Result("faults", "3 still signed in", float(emptied.still_signed_in), "", "yes", emptied.still_signed_in),
        Result("faults", "4 slowest of 20 returns", slowest, "s", "under 30 s", slowest < LIMIT_SECONDS),
        Result("faults", "4 pages asked meanwhile", len(killed.answers), "pages"),
        Result("faults", "4 pages with 5xx", failed, "pages", "none", failed == 0),
    ]
