"""Files of product use for the benchmark of imports, each also as rows that COPY can put into the table of events."""

import csv
import random
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from uuid import UUID

from tests.benchmarks.company import EVENT_NAMES, WEIGHTS, company

HEADER = ("usage_id", "account_id", "contact_id", "feature_name", "usage_count", "duration_secs", "usage_date")
EVENTS_A_DAY = 30_000
BEGIN = datetime(2026, 1, 1)
SCATTERED_ACCOUNTS, SCATTERED_CONTACTS = 2_000, 10_000

Line = tuple[str, int, int, str, int, int, str]


@dataclass(frozen=True)
class Use:
    """A company's use: whose contacts there are (indices of accounts), and `lines(size)` of it.

    A line is message id, index of the account, index of the contact, name, quantity, seconds, time.
    """

    name: str
    members: list[int]
    lines: Callable[[int], Iterator[Line]]

    def contact_name(self, index: int) -> str:
        """The contact's external id."""
        return f"{self.name}-{index:05d}"


def account_name(index: int) -> str:
    return f"acct-{index:04d}"


def logged() -> Use:
    """The company of the ingest benchmark, day after day in the order of time, as a product's log is exported."""
    made = company()

    def lines(size: int) -> Iterator[Line]:
        chance = random.Random(11)
        for first in range(0, size, EVENTS_A_DAY):
            count = min(EVENTS_A_DAY, size - first)
            begin = BEGIN + timedelta(days=first // EVENTS_A_DAY)
            times = sorted(chance.uniform(0, 86_400) for _ in range(count))
            names = chance.choices(EVENT_NAMES, WEIGHTS, k=count)
            people = chance.choices(range(len(made.members)), k=count)
            for seconds, name, person in zip(times, names, people, strict=True):
                at = (begin + timedelta(seconds=seconds)).isoformat(timespec="milliseconds") + "Z"
                message_id = str(UUID(int=chance.getrandbits(128), version=4))
                yield message_id, made.members[person], person, name, 1, chance.randrange(900), at

    return Use("logged", made.members, lines)


def scattered() -> Use:
    """The worst case: in no order of time, and hardly two rows of one contact on one day, so that nothing adds up."""
    members = [contact % SCATTERED_ACCOUNTS for contact in range(SCATTERED_CONTACTS)]

    def lines(size: int) -> Iterator[Line]:
        for n in range(size):
            at = f"2026-{1 + n % 9:02}-{1 + n // 9 % 28:02} {n % 24:02}:{n % 60:02}:00"
            contact = n % SCATTERED_CONTACTS
            yield f"U-{n}", members[contact], contact, EVENT_NAMES[n % 5], 1, n % 900, at

    return Use("scattered", members, lines)


def write(use: Use, size: int, path: Path, placed: Path, accounts: dict[str, int], contacts: dict[str, int]) -> None:
    """Write the file, and beside it the same rows with the ids that its accounts and contacts have with us."""
    with path.open("w", newline="", encoding="utf-8") as whole, placed.open("w", newline="", encoding="utf-8") as ids:
        told, found = csv.writer(whole, lineterminator="\n"), csv.writer(ids, lineterminator="\n")
        told.writerow(HEADER)
        for message_id, account, contact, *rest in use.lines(size):
            told.writerow((message_id, account_name(account), use.contact_name(contact), *rest))
            found.writerow((message_id, accounts[account_name(account)], contacts[use.contact_name(contact)], *rest))
