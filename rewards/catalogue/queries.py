"""Reading the catalogue."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from django.db.models import Count, Q, QuerySet

from rewards.catalogue.models import Reward
from rewards.catalogue.rules import KINDS, Delivery, Nature, RewardStatus
from rewards.catalogue.supply import HOLDING

CSV_HEADER = (
    "reward",
    "kind",
    "nature",
    "owner",
    "value",
    "face_value",
    "marginal_cost",
    "discount_equivalent",
    "currency",
    "delivery",
    "validity_days",
    "supply_limit",
    "given",
    "taxable",
    "accounting",
    "status",
    "version",
)


@dataclass(frozen=True)
class Line:
    """One reward in the list; `given` counts its grants ever, `held` the offers that hold one of its supply."""

    reward: Reward
    given: int
    held: int

    @property
    def left(self) -> int | None:
        """What is left of a limited supply; None when it is unlimited."""
        limit = self.reward.supply_limit
        return None if limit is None else max(limit - self.held, 0)


def reward_kinds() -> list[str]:
    """The kinds of reward that the catalogue has, in alphabetical order."""
    return list(Reward.objects.order_by("kind").values_list("kind", flat=True).distinct())


def reward_names() -> list[tuple[int, str]]:
    """All rewards: (id, name) by name."""
    return list(Reward.objects.order_by("name", "pk").values_list("pk", "name"))


def by_hand_among(**which: int | str) -> bool:
    """Whether a person delivers any of the rewards whose fields have these values."""
    return Reward.objects.filter(delivery=Delivery.BY_HAND.value, **which).exists()


def rewarding_campaigns() -> list[tuple[int, str]]:
    """The campaigns that give something of the catalogue: (id, name) by name."""
    rows = Reward.objects.filter(campaign_steps__isnull=False).order_by(
        "campaign_steps__campaign__name", "campaign_steps__campaign"
    )
    return list(rows.values_list("campaign_steps__campaign", "campaign_steps__campaign__name").distinct())


def catalogue(status: str = "", nature: str = "", text: str = "") -> list[Line]:
    """Rewards by nature and name, with how often each was given; filters that are empty filter nothing."""
    rows = _counted()
    if status:
        rows = rows.filter(status=status)
    if nature:
        rows = rows.filter(kind__in=[key for key, kind in KINDS.items() if kind.nature == nature])
    if text:
        rows = rows.filter(Q(name__icontains=text) | Q(description__icontains=text))
    order = list(Nature)
    found = sorted(rows, key=lambda r: (order.index(r.nature), r.name, r.pk))
    return [Line(row, row.given, row.held) for row in found]


def line_of(reward: Reward) -> Line:
    """One reward with how often it was given."""
    counted = _counted().get(pk=reward.pk)
    return Line(reward, counted.given, counted.held)


def _counted() -> QuerySet[Any]:
    return Reward.objects.annotate(
        given=Count("offers__grant"), held=Count("offers", filter=Q(offers__state__in=HOLDING))
    )


def csv_rows(lines: list[Line]) -> Iterator[list[object]]:
    """One line a reward, in the order of CSV_HEADER."""
    for line in lines:
        r = line.reward
        amounts = [r.face_value, r.marginal_cost, r.discount_equivalent]
        head = [r.name, r.kind, r.nature.value, r.owner_function, r.value_words]
        terms = [r.currency, r.delivery, r.validity_days, r.supply_limit, line.given, r.taxable, r.accounting]
        yield [*head, *amounts, *terms, r.status, r.version]


def offerable() -> QuerySet[Reward]:
    """What a campaign may offer, by name."""
    return Reward.objects.filter(status=RewardStatus.LIVE.value).order_by("name", "id")


def find(text: str) -> list[Reward]:
    """The first few rewards whose name has the text."""
    return list(Reward.objects.filter(name__icontains=text).order_by("name", "id")[:5])
