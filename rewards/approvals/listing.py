"""The offer queue: what waits for whom, recommended first. Filters and sort stand in the URL."""

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from zoneinfo import ZoneInfo

from django.conf import settings
from django.db.models import Count, Q, QuerySet, Sum
from django.http import QueryDict
from django.utils import timezone

from loyalty.core.absence.seats import company_day, functions_today
from loyalty.core.chips import chosen, id_in
from loyalty.core.people.models import User
from loyalty.core.people.rules import Function, functions_in_words
from rewards.catalogue.rules import KINDS
from rewards.offers.models import OPEN, Offer
from rewards.offers.ranking import HEALTH, stake_in_words
from rewards.offers.rules import OfferState

PAGE_SIZE = 50
# Nobody reads beyond; counting further would cost as much as there are offers.
COUNTED_TO = 1000

VIEWS: Mapping[str, str] = {
    "book": "My book",
    "mine": "My function",
    "open": "All",
    "snoozed": "Snoozed",
    "granted": "Granted",
    "closed": "Not granted",
}
ENDED = ("granted", "closed")
SORTS: Mapping[str, tuple[str, ...]] = {
    "recommended": ("-at_stake", "id"),
    "due": ("due_at", "id"),
    "value": ("-discount_equivalent", "-id"),
    "newest": ("-id",),
}
SORT_LABELS: Mapping[str, str] = {
    "recommended": "Recommended",
    "due": "Due first",
    "value": "Highest value",
    "newest": "Newest",
}
LATEST_DECIDED = ("-closed_at", "-id")
GRANTED = [OfferState.APPROVED, OfferState.DELIVERED, OfferState.ACCEPTED, OfferState.REDEEMED]
CLOSED = [OfferState.REJECTED, OfferState.DECLINED, OfferState.LAPSED, OfferState.WITHDRAWN, OfferState.HELD_OUT]
# What a row of the list needs; `evidence` tells the reason.
SHOWN = (
    *("account__name", "reward_name", "discount_equivalent", "currency", "evidence", "digest", "state", "awaits"),
    *("due_at", "closed_at", "at_stake", "stake", "snoozed_until", "assigned_to__first_name", "assigned_to__last_name"),
    *("assigned_to__username",),
)
CSV_HEADER = (
    *("offer", "account", "reward", "discount equivalent", "currency", "campaign", "state", "waits for", "due"),
    *("at stake", "why here", "assigned to", "snoozed until"),
)


@dataclass(frozen=True)
class Filters:
    """What the URL asks for; `campaign` 0 is any."""

    view: str
    sort: str = "recommended"
    text: str = ""
    campaign: int = 0
    kind: str = ""
    health: str = ""
    due: str = ""

    @property
    def fields(self) -> tuple[str, ...]:
        """The sort fields, which end in a unique one."""
        return LATEST_DECIDED if self.view in ENDED else SORTS[self.sort]


def filters_from(query: QueryDict, user: User) -> Filters:
    """The filters of an address; what nobody offers filters nothing."""
    return Filters(
        view=chosen(query, "view", VIEWS) or first_view(user),
        sort=chosen(query, "sort", SORTS) or "recommended",
        text=query.get("q", "").strip()[:200].replace("\0", ""),
        campaign=id_in(query, "campaign"),
        kind=chosen(query, "kind", KINDS),
        health=chosen(query, "health", HEALTH),
        due=chosen(query, "due", ("today",)),
    )


def first_view(user: User) -> str:
    """Where the queue opens: my book if anything waits there, else what waits for my function."""
    if in_view("book", user).exists():
        return "book"
    return "mine" if functions_today(user) else "open"


def waiting_for(functions: Collection[Function]) -> QuerySet[Offer]:
    """Offers of which an open step belongs to one of the functions, but for those that are snoozed."""
    return _awake().filter(awaits__overlap=[function.value for function in functions])


def in_view(view: str, user: User) -> QuerySet[Offer]:
    """The offers of one of VIEWS for this person, unordered."""
    match view:
        case "mine":
            return waiting_for(functions_today(user))
        case "book":
            return _awake().filter(assigned_to=user)
        case "snoozed":
            return Offer.objects.filter(OPEN, snoozed_until__gt=company_day())
        case "granted" | "closed":
            states = GRANTED if view == "granted" else CLOSED
            return Offer.objects.filter(state__in=[s.value for s in states], closed_at__isnull=False)
    return _awake()


def listed(filters: Filters, user: User) -> QuerySet[Offer]:
    """The offers that the filters leave, sorted by `filters.fields`."""
    rows = in_view(filters.view, user)
    if filters.text:
        rows = rows.filter(
            Q(account__name__icontains=filters.text)
            | Q(reward_name__icontains=filters.text)
            | Q(campaign__name__icontains=filters.text)
        )
    if filters.campaign:
        rows = rows.filter(campaign=filters.campaign)
    if filters.kind:
        rows = rows.filter(reward__kind=filters.kind)
    if filters.health:
        rows = rows.filter(stake__health=filters.health)
    if filters.due:
        rows = rows.filter(due_at__lt=tonight())
    return rows.select_related("account", "assigned_to").order_by(*filters.fields)


def why_here(offer: Offer) -> str:
    """Why it stands where it does, in words."""
    return stake_in_words(offer.stake, company_day(), settings.REPORTING_CURRENCY)


def waiting_count(user: User) -> int:
    """How many offers wait for the person's functions, counted up to one more than COUNTED_TO."""
    functions = functions_today(user)
    return waiting_for(functions).order_by()[: COUNTED_TO + 1].count() if functions else 0


@dataclass(frozen=True)
class Waiting:
    """What waits for a person: how many offers, worth how much, how many of them due today."""

    count: int
    value: Decimal
    due: int
    in_book: bool = False


def summary_of(view: str, user: User) -> Waiting | None:
    """The sums of what waits, in the reporting currency, for the views that are somebody's work."""
    if view not in ("mine", "book"):
        return None
    sums = in_view(view, user).aggregate(
        count=Count("id"), value=Sum("discount_equivalent"), due=Count("id", filter=Q(due_at__lt=tonight()))
    )
    return Waiting(sums["count"], sums["value"] or Decimal(0), sums["due"], in_book=view == "book")


def tonight() -> datetime:
    """The midnight that ends today in the company's time zone."""
    zone = ZoneInfo(settings.COMPANY_TIME_ZONE)
    return timezone.now().astimezone(zone).replace(hour=0, minute=0, second=0, microsecond=0) + timedelta(days=1)


def csv_rows(rows: QuerySet[Offer]) -> Iterator[list[object]]:
    """The list by CSV_HEADER, streamed."""
    for o in rows.select_related("account", "assigned_to", "campaign").iterator(chunk_size=2000):
        yield [
            *(o.pk, o.account.name, o.reward_name, o.discount_equivalent, o.equivalent_in, o.campaign.name, o.state),
            *(functions_in_words(o.awaits), o.due_at.isoformat() if o.due_at else "", o.at_stake, why_here(o)),
            *(o.assigned_to.display_name if o.assigned_to else "", o.snoozed_until),
        ]


def _awake() -> QuerySet[Offer]:
    today = company_day()
    return Offer.objects.filter(OPEN).filter(Q(snoozed_until=None) | Q(snoozed_until__lte=today))
