"""What higher floors hold on contacts, for export and erasure.

A room registers in its app's `ready()`: how to list what it holds on a contact, how to strike the
contact's names out of it, and at which accounts it knows them. Money facts stay.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from accounts.contacts.rules import Names


@dataclass(frozen=True)
class Holding:
    """`rows(contact_id, account_ids, names)` for the export, JSON but for times, days and money;
    `strike(account_ids, names)` in the transaction that erases.

    `accounts(contact_id)`: ids of accounts that the contact may have left since.
    """

    name: str
    rows: Callable[[int, Sequence[int], Names], Iterable[dict[str, Any]]]
    strike: Callable[[Sequence[int], Names], None]
    accounts: Callable[[int], Iterable[int]] = lambda contact_id: ()


_holdings: dict[str, Holding] = {}


def add_holding(holding: Holding) -> None:
    """Make a holding part of every export and erasure."""
    _holdings[holding.name] = holding


def holdings() -> list[Holding]:
    """All that were registered."""
    return list(_holdings.values())
