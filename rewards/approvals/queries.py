"""The offer queue: what waits for whom, in which order."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

from django.conf import settings
from django.db.models import Count, OuterRef, Q, QuerySet, Subquery, Sum
from django.utils import timezone

from accounts.conditions.queries import vocabulary
from accounts.facts.models import AccountFacts
from loyalty.core.absence.seats import functions_today
from loyalty.core.people.models import User
from loyalty.core.people.rules import Function, functions_in_words
from rewards.approvals.models import ApprovalStep, StepState
from rewards.approvals.relations import relation_of
from rewards.approvals.rules import independence_refusal, open_now
from rewards.ledger.models import Posting
from rewards.ledger.rules import issue_key
from rewards.offers.evidence import rendered
from rewards.offers.models import Offer
from rewards.offers.rules import OPEN_STATES, OfferState

PAGE_SIZE = 50

VIEWS: dict[str, str] = {
    "mine": "Waits for me",
    "book": "My book",
    "open": "All open",
    "granted": "Granted",
    "closed": "Not granted",
}
GRANTED = [OfferState.APPROVED, OfferState.DELIVERED, OfferState.ACCEPTED, OfferState.REDEEMED]
CLOSED = [OfferState.REJECTED, OfferState.DECLINED, OfferState.LAPSED, OfferState.WITHDRAWN, OfferState.HELD_OUT]


def waiting_for(functions: Collection[Function]) -> QuerySet[Offer]:
    """Offers of which an open step belongs to one of the functions."""
    return Offer.objects.filter(state=OfferState.IN_APPROVAL.value, awaits__overlap=[f.value for f in functions])


def in_view(view: str, user: User) -> QuerySet[Offer]:
    """The offers of one of VIEWS for this person, unordered."""
    if view == "mine":
        return waiting_for(functions_today(user))
    if view == "book":
        return Offer.objects.filter(account__cs_manager=user, state__in=[s.value for s in OPEN_STATES])
    states = {"open": OPEN_STATES, "granted": GRANTED, "closed": CLOSED}.get(view, OPEN_STATES)
    return Offer.objects.filter(state__in=[s.value for s in states])


RELATED = ("account", "campaign", "contact", "reward")


def queue(view: str, user: User, *, text: str = "") -> tuple[QuerySet[Offer], list[str]]:
    """One view as rows and its sort fields: due first when open, newest decision first when closed.

    Each row carries `arr` and `renews_on` of the account's latest facts.
    """
    latest = AccountFacts.objects.filter(account_id=OuterRef("account_id")).order_by("-day")
    rows = (
        in_view(view, user)
        .select_related(*RELATED)
        .annotate(arr=Subquery(latest.values("arr")[:1]), renews_on=Subquery(latest.values("renews_on")[:1]))
    )
    if text:
        rows = rows.filter(
            Q(account__name__icontains=text) | Q(reward_name__icontains=text) | Q(campaign__name__icontains=text)
        )
    fields = ["-closed_at", "-id"] if view in ("granted", "closed") else ["due_at", "id"]
    return rows.order_by(*fields), fields


@dataclass(frozen=True)
class Waiting:
    """What waits for a person: how many offers, worth how much, how many due by `until`."""

    count: int
    value: Decimal
    due: int


def waiting_summary(user: User, *, until: datetime) -> Waiting:
    """Sums over the offers that wait for the person's functions; value in the reporting currency."""
    sums = waiting_for(functions_today(user)).aggregate(
        count=Count("id"), value=Sum("discount_equivalent"), due=Count("id", filter=Q(due_at__lt=until))
    )
    return Waiting(sums["count"], sums["value"] or Decimal(0), sums["due"])


def waiting_count(user: User) -> int:
    """How many offers wait for the person's functions."""
    functions = functions_today(user)
    return waiting_for(functions).count() if functions else 0


@dataclass(frozen=True)
class Turn:
    """Whether this person can decide now, for which function, in whose place, or why not in words."""

    function: Function | None
    why_not: str
    in_place_of: str = ""


def turn_of(offer: Offer, steps: list[ApprovalStep], user: User) -> Turn:
    """The boolean twin of the checks in `verbs`, for showing or hiding the buttons."""
    if offer.state != OfferState.IN_APPROVAL.value:
        return Turn(None, "")
    seats = functions_today(user)
    mine = [Function(f) for f in offer.awaits if Function(f) in seats]
    if not mine:
        return Turn(None, "")
    revisers = set(offer.revisions.values_list("written_by_id", flat=True))
    for person in dict.fromkeys((user, seats[mine[0]])):
        relation = relation_of(offer, steps, revisers, person)
        if refusal := independence_refusal(relation, "" if person == user else person.display_name):
            return Turn(None, refusal)
    return Turn(mine[0], "", "" if seats[mine[0]] == user else seats[mine[0]].display_name)


def may_hand(offer: Offer, user: User) -> bool:
    """Whether the person may note what the customer did with the offer, and there is something to note."""
    open_still = offer.state in (OfferState.APPROVED.value, OfferState.DELIVERED.value)
    return open_still and Function.CS in user.functions


def waits_then(steps: list[ApprovalStep], decided: Function | None) -> list[str]:
    """Whose decisions are awaited once `decided` has approved; nobody's when that approval is the last."""
    left = [(s.position, s.function) for s in steps if s.state == StepState.WAITING.value and s.function != decided]
    return open_now(left)


def evidence_of(offer: Offer) -> dict[str, Any]:
    """The evidence in words, with its days and times as dates, for the page."""
    stored = rendered(offer.evidence, vocabulary())
    return {
        "words": stored["words"],
        "facts": [fact | {"day": date.fromisoformat(fact["day"])} for fact in stored["facts"]],
        "terms": stored["terms"],
        "events": [event | {"at": datetime.fromisoformat(event["at"])} for event in stored["events"]],
    }


def csv_rows(rows: QuerySet[Offer]) -> tuple[list[str], Any]:
    """The list as shown: header and rows, streamed."""
    header = ["offer", "account", "reward", "discount equivalent", "currency", "campaign", "state", "waits for", "due"]
    return header, (
        [o.pk, o.account.name, o.reward_name, o.discount_equivalent, o.currency, o.campaign.name, o.state]
        + [functions_in_words(o.awaits), o.due_at.isoformat() if o.due_at else ""]
        for o in rows.iterator(chunk_size=2000)
    )


def offers_of(account_id: int, contact_id: int | None = None, limit: int = 20) -> QuerySet[Offer]:
    """The latest offers to one account, or those of them that are addressed to one contact."""
    rows = Offer.objects.filter(account_id=account_id)
    rows = rows if contact_id is None else rows.filter(contact_id=contact_id)
    return rows.select_related("campaign").order_by("-id")[:limit]


def one_offer(offer_id: int) -> Offer | None:
    """The offer with what its page shows, or None."""
    return Offer.objects.select_related(*RELATED).filter(pk=offer_id).first()


def summary_of(view: str, user: User) -> Waiting | None:
    """The sums of what waits for the person, when that is the view that they look at."""
    if view != "mine":
        return None
    zone = ZoneInfo(settings.COMPANY_TIME_ZONE)
    tonight = timezone.now().astimezone(zone).replace(hour=0, minute=0, second=0, microsecond=0) + timedelta(days=1)
    return waiting_summary(user, until=tonight)


def posting_of(offer: Offer) -> Posting | None:
    """The ledger posting that issued the credit of this offer, if there is one."""
    return Posting.objects.filter(key=issue_key(offer.grant.pk)).first() if hasattr(offer, "grant") else None


def view_counts(user: User) -> Mapping[str, int]:
    """How many offers are in each view for this person."""
    return {view: in_view(view, user).count() for view in VIEWS}


def steps_of(offer: Offer) -> list[ApprovalStep]:
    """The steps in order, with who decided."""
    return list(offer.steps.select_related("decided_by", "decided_for").order_by("position", "id"))


def standing_approvals_of(offer: Offer) -> list[Any]:
    """The approvals of the campaign under which the offer was granted without a person; none for any other."""
    if not offer.has_standing_approval:
        return []
    return list(offer.campaign.approvals.filter(version=offer.campaign_version).select_related("approved_by"))


def find(text: str, limit: int = 5) -> QuerySet[Offer]:
    """Offers whose account's or reward's name has the text, the newest first."""
    matching = Q(account__name__icontains=text) | Q(reward_name__icontains=text)
    return Offer.objects.filter(matching).select_related("account").order_by("-id")[:limit]
