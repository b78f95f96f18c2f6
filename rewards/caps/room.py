"""What an offer takes of each cap that binds it, and what room is left there."""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

from django.db.models import Exists, OuterRef, QuerySet, Sum

from rewards.caps.models import CapEntry
from rewards.caps.rules import CapEntryKind, CapMeasure, part_of, quantity

STANDING = {
    CapEntryKind.RESERVE.value: "reserved",
    CapEntryKind.SPEND.value: "spent",
    CapEntryKind.RELEASE.value: "released",
}


@dataclass(frozen=True)
class Room:
    """One cap as seen from one offer, in its own measure."""

    name: str
    amount: Decimal
    standing: str
    room: Decimal
    limit: Decimal
    measure: CapMeasure

    @property
    def said(self) -> dict[str, str]:
        """Its figures for people."""
        return _said(self)


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
            measure=CapMeasure(entry.period.cap.measure),
        )
        for entry in latest.values()
    ]


@dataclass(frozen=True)
class Together:
    """One cap as seen from several offers: what they hold of it, and the room left beside, in its own measure."""

    name: str
    amount: Decimal
    room: Decimal
    limit: Decimal
    measure: CapMeasure

    @property
    def said(self) -> dict[str, str]:
        """Its figures for people."""
        return _said(self)


def room_together(offer_ids: Sequence[int]) -> list[Together]:
    """Every cap in which undecided offers hold room, by name, with what they hold together."""
    rows = _held(offer_ids).values(
        "period__cap__name",
        "period__cap__limit",
        "period__cap__measure",
        "period__reserved",
        "period__spent",
        "period_id",
    )
    return [
        Together(
            name=row["period__cap__name"],
            amount=row["amount"],
            room=max(Decimal(0), row["period__cap__limit"] - row["period__reserved"] - row["period__spent"]),
            limit=row["period__cap__limit"],
            measure=CapMeasure(row["period__cap__measure"]),
        )
        for row in rows.annotate(amount=Sum("amount")).order_by("period__cap__name", "period_id")
    ]


def holding_room(offer_ids: Sequence[int]) -> set[int]:
    """Which of the offers hold room of any cap that was neither spent nor released."""
    return set(_held(offer_ids).values_list("offer_id", flat=True))


def _held(offer_ids: Sequence[int]) -> QuerySet[CapEntry]:
    held = CapEntry.objects.filter(offer_id__in=offer_ids, kind=CapEntryKind.RESERVE.value)
    ended = CapEntry.objects.filter(
        offer=OuterRef("offer"),
        period=OuterRef("period"),
        turn=OuterRef("turn"),
        kind__in=[CapEntryKind.SPEND, CapEntryKind.RELEASE],
    )
    return held.exclude(Exists(ended))


def _said(seen: Room | Together) -> dict[str, str]:
    return {"amount": quantity(seen.measure, seen.amount), "room_of": part_of(seen.measure, seen.room, seen.limit)}
