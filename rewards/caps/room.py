"""What an offer takes of each cap that binds it, and what room is left there."""

from dataclasses import dataclass
from decimal import Decimal

from rewards.caps.models import CapEntry
from rewards.caps.rules import CapEntryKind

STANDING = {
    CapEntryKind.RESERVE.value: "reserved",
    CapEntryKind.SPEND.value: "spent",
    CapEntryKind.RELEASE.value: "released",
}


@dataclass(frozen=True)
class Room:
    """One cap as seen from one offer; money in the reporting currency."""

    name: str
    amount: Decimal
    standing: str
    room: Decimal
    limit: Decimal


def room_of(offer_id: int) -> list[Room]:
    """Every cap in which the offer has an entry: its last standing, and the room left (never below zero)."""
    entries = CapEntry.objects.filter(offer_id=offer_id).select_related("period__cap").order_by("period_id", "id")
    latest = {entry.period_id: entry for entry in entries}
    return [
        Room(
            name=entry.period.cap.name,
            amount=entry.amount,
            standing=STANDING[entry.kind],
            room=max(Decimal(0), entry.period.cap.limit - entry.period.reserved - entry.period.spent),
            limit=entry.period.cap.limit,
        )
        for entry in latest.values()
    ]
