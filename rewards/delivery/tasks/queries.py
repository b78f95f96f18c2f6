"""Deliveries that wait for a person."""

from collections.abc import Iterator
from datetime import date

from django.db.models import QuerySet

from loyalty.core.people.models import User
from rewards.delivery.tasks.models import DeliveryTask
from rewards.offers.rules import OfferState

VIEWS = {"mine": "Mine", "nobodys": "Nobody’s", "late": "Late", "": "All"}
SORTED_BY = ("due_on", "id")
CSV_HEADER = ("reward", "account", "contact", "owner", "due on", "approved on")


def open_tasks() -> QuerySet[DeliveryTask]:
    """Everything that is approved and not delivered."""
    rows = DeliveryTask.objects.filter(offer__state=OfferState.APPROVED.value)
    return rows.select_related("owner", "offer__account", "offer__contact", "offer__grant")


def view_of(view: str, user: User, today: date) -> QuerySet[DeliveryTask]:
    """One view of the list."""
    rows = open_tasks()
    if view == "mine":
        return rows.filter(owner=user)
    if view == "nobodys":
        return rows.filter(owner=None)
    return rows.filter(due_on__lt=today) if view == "late" else rows


def mine_count(user: User) -> int:
    """How many deliveries wait for a person; capped at 99."""
    return open_tasks().filter(owner=user).order_by()[:99].count()


def csv_rows(rows: QuerySet[DeliveryTask]) -> Iterator[list[object]]:
    """Tasks as lines of a CSV file."""
    for task in rows.iterator(chunk_size=2000):
        offer, owner = task.offer, task.owner
        contact = offer.contact.name if offer.contact else ""
        name = owner.display_name if owner else ""
        yield [offer.reward_name, offer.account.name, contact, name, task.due_on, offer.grant.granted_at.date()]
