"""Reading one offer with everything that a decision needs, and the offers of an account."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from django.conf import settings
from django.db.models import Q, QuerySet

from accounts.conditions.queries import vocabulary
from accounts.conditions.rules.words import value_text
from accounts.facts.models import AccountFacts
from loyalty.core.absence.seats import functions_today
from loyalty.core.people.models import User
from loyalty.core.people.rules import Function
from rewards.approvals.models import ApprovalStep, StepState
from rewards.approvals.relations import relation_of, revisers_of
from rewards.approvals.rules import independence_refusal, open_now
from rewards.ledger.models import Posting
from rewards.ledger.rules import issue_key
from rewards.offers.evidence import rendered
from rewards.offers.models import Offer
from rewards.offers.rules import OfferState

RELATED = ("account", "campaign", "contact", "reward", "assigned_to", "proposed_by")
HISTORY = 8
# The facts of the account that are words, beside an offer.
WORDS = ("plan_segment", "billing_frequency", "tier", "segments")


@dataclass(frozen=True)
class Turn:
    """Whether this person can decide now, for which function, in whose place, or why not in words."""

    function: Function | None
    why_not: str
    in_place_of: str = ""


def turn_of(offer: Offer, steps: list[ApprovalStep], user: User) -> Turn:
    """The boolean twin of the checks in `verbs`, for showing or hiding the buttons."""
    return turn_among(offer, steps, revisers_of([offer]).get(offer.pk, set()), user, functions_today(user))


def turn_among(
    offer: Offer,
    steps: list[ApprovalStep],
    revisers: Collection[int],
    user: User,
    seats: Mapping[Function, User],
) -> Turn:
    """As `turn_of`, with all that it stands on read before; `seats` are the person's of today."""
    if offer.state != OfferState.IN_APPROVAL.value:
        return Turn(None, "")
    mine = [Function(f) for f in offer.awaits if Function(f) in seats]
    if not mine:
        return Turn(None, "")
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


def offers_of(account_id: int, contact_id: int | None = None) -> QuerySet[Offer]:
    """The offers to one account, or those of them that are addressed to one contact, the newest first."""
    rows = Offer.objects.filter(account_id=account_id)
    rows = rows if contact_id is None else rows.filter(contact_id=contact_id)
    return rows.select_related("campaign").order_by("-id")


def one_offer(offer_id: int) -> Offer | None:
    """The offer with what its page shows, or None."""
    return Offer.objects.select_related(*RELATED).filter(pk=offer_id).first()


def may_work(offer: Offer, user: User) -> bool:
    """Whether the person may snooze, wake or reassign it: it waits for one of the functions of theirs today."""
    return any(Function(f) in functions_today(user) for f in offer.awaits)


def may_revise(offer: Offer, user: User) -> bool:
    """Whether the person may change its terms."""
    return bool(offer.awaits) and Function(offer.campaign.owner_function) in functions_today(user)


def account_value(offer: Offer) -> AccountFacts | None:
    """The latest facts of the account: what it is worth, and how it does."""
    return AccountFacts.objects.filter(account_id=offer.account_id).order_by("-day").first()


def in_words(facts: AccountFacts | None) -> dict[str, str]:
    """The facts of an account that are words, as people call them; none without facts."""
    called = vocabulary()
    told = {name: getattr(facts, name) for name in WORDS} if facts else {}
    return {name: value_text(called[name], value, settings.REPORTING_CURRENCY) for name, value in told.items()}


def history_of(offer: Offer) -> QuerySet[Offer]:
    """What else the account was offered lately, the newest first."""
    return offers_of(offer.account_id).exclude(pk=offer.pk)[:HISTORY]


def posting_of(offer: Offer) -> Posting | None:
    """The ledger posting that issued the credit of this offer, if there is one."""
    return Posting.objects.filter(key=issue_key(offer.grant.pk)).first() if hasattr(offer, "grant") else None


def standing_approvals_of(offer: Offer) -> list[Any]:
    """The approvals of the campaign under which the offer was granted without a person; none for any other."""
    if not offer.has_standing_approval:
        return []
    granted_at = offer.grant.granted_at
    given = offer.campaign.approvals.filter(version=offer.campaign_version, approved_at__lte=granted_at)
    held = given.filter(Q(ended_at=None) | Q(ended_at__gt=granted_at))
    return list(held.select_related("approved_by"))


def find(text: str, limit: int = 5) -> QuerySet[Offer]:
    """Offers whose account's or reward's name has the text, the newest first."""
    matching = Q(account__name__icontains=text) | Q(reward_name__icontains=text)
    return Offer.objects.filter(matching).select_related("account").order_by("-id")[:limit]
