"""What deciding several offers at once would do, told before anything is done."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from decimal import Decimal

from loyalty.core.absence.seats import functions_today
from loyalty.core.people.models import User
from loyalty.core.people.rules import functions_in_words
from rewards.approvals.models import StepState
from rewards.approvals.queries import turn_among
from rewards.approvals.relations import revisers_of, steps_of
from rewards.approvals.rules import open_now
from rewards.caps.room import Together, room_together
from rewards.offers.models import Offer


@dataclass
class Load:
    """Some offers: how many, and their discount-equivalent value by currency."""

    count: int = 0
    value: dict[str, Decimal] = field(default_factory=dict)

    def add(self, offer: Offer) -> None:
        """Count one in."""
        self.count += 1
        self.value[offer.equivalent_in] = self.value.get(offer.equivalent_in, Decimal(0)) + offer.discount_equivalent


@dataclass
class Preview:
    """`granted` are granted at once when approved, `passed` go on to somebody, `kept` stay, by their reason."""

    offers: list[Offer]
    all: Load
    granted: Load
    passed: dict[str, Load]
    kept: dict[str, int]
    caps: list[Together]

    @property
    def can_decide(self) -> int:
        """How many of them the person can decide now."""
        return self.all.count - sum(self.kept.values())


def preview(offer_ids: Iterable[int], user: User) -> Preview:
    """Weigh the offers for this person; a handful of statements, however many they are."""
    rows = Offer.objects.filter(pk__in=set(offer_ids)).select_related("account", "campaign")
    offers: Sequence[Offer] = list(rows.order_by("-at_stake", "id"))
    steps, revisers, seats = steps_of(offers), revisers_of(offers), functions_today(user)
    told = Preview(list(offers), Load(), Load(), {}, {}, room_together([offer.pk for offer in offers]))
    for offer in offers:
        told.all.add(offer)
        turn = turn_among(offer, steps[offer.pk], revisers.get(offer.pk, set()), user, seats)
        if turn.function is None:
            why = turn.why_not or offer.waits_for or f"Already {offer.get_state_display()}"
            told.kept[why] = told.kept.get(why, 0) + 1
            continue
        left = [
            (s.position, s.function)
            for s in steps[offer.pk]
            if s.state == StepState.WAITING.value and s.function != turn.function
        ]
        if left:
            told.passed.setdefault(functions_in_words(open_now(left)), Load()).add(offer)
        else:
            told.granted.add(offer)
    return told
