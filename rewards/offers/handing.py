"""What the customer did with an approved offer, as Customer Success notes it, or as follows from what is known.

An automatic reward has reached the customer once every other system that was told of the grant took it, or one asks
to use it; a credit is redeemed once the last of it was used.

Invariants: a step goes by the table of an offer's life; the audit line stands in
the same transaction; nothing goes out to a contact who does not consent; a declined
or lapsed reward gives back the cap room that it had spent, and an unused credit goes
off the books.
"""

from collections.abc import Sequence
from datetime import date, datetime, timedelta
from typing import Any

from django.db import transaction
from django.db.models import F, OuterRef, Q, QuerySet, Subquery, Sum
from django.utils import timezone

from accounts.records.days import day_of_account, midnight
from loyalty.core.audit.refusing import telling_refusals
from loyalty.core.audit.rules import AuditVerb
from loyalty.core.audit.verbs import record
from loyalty.core.errors import DomainError
from loyalty.core.figures import day_text
from loyalty.core.people.models import User
from loyalty.core.people.permissions import check_member
from loyalty.core.people.rules import Function
from rewards.caps.verbs import refund
from rewards.catalogue.rules import Delivery
from rewards.ledger.models import PostingLine
from rewards.ledger.rules import Book, PostingKind
from rewards.ledger.verbs import take_back
from rewards.offers.delivering import check_may_go, note_gone
from rewards.offers.models import Grant, Offer
from rewards.offers.rules import OfferAction, OfferState
from rewards.offers.verbs import MOVED, address_only_the_willing, hold_addressee, move, step

A_STEP = 500
DECLINED = "the customer declined it"


def deliver(offer_id: int, *, note: str = "", acting_user: User) -> Offer:
    """Note that an approved offer reached the customer; it can be accepted until the grant's last day.

    Raises NotAllowed unless a member of CS acts, DomainError when the offer is not
    approved, and when another room says that it has to wait (a tax form, say).
    """
    return _hand(offer_id, OfferAction.DELIVER, AuditVerb.OFFER_DELIVERED, note, acting_user)


def accept(offer_id: int, *, note: str = "", acting_user: User) -> Offer:
    """Note that the customer accepted a delivered offer. Raises as `deliver`."""
    return _hand(offer_id, OfferAction.ACCEPT, AuditVerb.OFFER_ACCEPTED, note, acting_user)


def decline(offer_id: int, *, note: str, acting_user: User) -> Offer:
    """Note that the customer declined a delivered offer: its room is free again, its credit off the books.

    Raises as `deliver`, and DomainError without a reason or when some of the credit was used.
    """
    if not note.strip():
        raise DomainError("Say why they declined: the next step of the ladder is better for it.")
    return _hand(offer_id, OfferAction.DECLINE, AuditVerb.OFFER_DECLINED, note, acting_user)


@transaction.atomic
def deliver_by_itself(offer_id: int, *, why: str, now: datetime) -> bool:
    """Note that an automatic reward reached the customer, as other systems let us know: `why`, in a sentence.

    False when the offer is not approved any more, is handed over by a person, or has to wait (for a tax form, say).
    """
    hold_addressee(pk=offer_id)
    rows = Offer.objects.select_for_update(of=("self",), no_key=True).select_related("account", "reward")
    offer = rows.get(pk=offer_id)
    if offer.state != OfferState.APPROVED or offer.reward.delivery != Delivery.AUTOMATIC:
        return False
    address_only_the_willing(offer)
    try:
        check_may_go(offer, now.date())
    except DomainError:
        return False
    _reach(offer, now)
    _tell(offer, AuditVerb.OFFER_DELIVERED, why)
    return True


def redeem_used_up(*, now: datetime) -> int:
    """Note that delivered and accepted credits of which nothing is left, the last by use, are redeemed; returns how
    many. Twice is once.
    """
    owed = Sum("lot__lines__amount", filter=Q(lot__lines__ledger_account__code=Book.LIABILITY.value))
    last = PostingLine.objects.filter(lot__grant=OuterRef("pk")).order_by("-id").values("posting__kind")[:1]
    states = [OfferState.DELIVERED.value, OfferState.ACCEPTED.value]
    held = Grant.objects.filter(offer__state__in=states, lot__isnull=False).annotate(owed=owed, last=Subquery(last))
    used_up = held.filter(owed=0, last=PostingKind.REDEEM.value).order_by("offer_id")
    return sum(_redeem(pk, states, now) for pk in used_up.values_list("offer_id", flat=True))


@transaction.atomic
def _redeem(offer_id: int, states: Sequence[str], now: datetime) -> bool:
    rows = Offer.objects.select_for_update(of=("self",), no_key=True).select_related("account")
    offer = rows.get(pk=offer_id)
    if offer.state not in states:
        return False
    move(offer, OfferAction.REDEEM, now=now)
    _tell(offer, AuditVerb.OFFER_REDEEMED, "All of its credit was used.")
    return True


def lapse_unaccepted(day: date, *, limit: int = A_STEP) -> int:
    """End delivered offers that nobody accepted by their last day, which was over there when `day` (UTC) began.

    Safe to run twice and on several workers. A credit of which some was used counts as accepted. Each is a
    transaction of its own, since it takes the lock of its account and then those of its caps; `limit` are looked up
    at a time. Raises DomainError once all others have lapsed, with the first that could not and how many they are.
    """
    lapsed, refused, first, last = 0, 0, "", 0
    while ids := list(_overdue(day).filter(pk__gt=last).order_by("pk").values_list("pk", flat=True)[:limit]):
        for offer_id in ids:
            try:
                lapsed += _lapse(offer_id, day)
            except DomainError as refusal:
                refused += 1
                first = first or f"{Offer.objects.select_related('account').get(pk=offer_id)} ({offer_id}). {refusal}"
        last = ids[-1]
    if refused:
        raise DomainError(f"{refused} {'offer' if refused == 1 else 'offers'} could not lapse: {first}")
    return lapsed


def _overdue(day: date) -> QuerySet[Offer, Any]:
    """Delivered offers whose last day was over where the customer is (`there`) when `day` (UTC) began."""
    delivered = Offer.objects.filter(state=OfferState.DELIVERED.value, open_until__lt=day)
    there = delivered.annotate(there=day_of_account(midnight(day)))
    return there.filter(open_until__lt=F("there")).exclude(pk__in=_used())


def _used() -> QuerySet[Grant, Any]:
    """The offers whose credit was used, if only in part."""
    redeemed = Grant.objects.filter(lot__lines__posting__kind=PostingKind.REDEEM.value)
    return redeemed.values("offer_id")


def _hand(offer_id: int, action: OfferAction, verb: AuditVerb, note: str, acting_user: User) -> Offer:
    with telling_refusals("offer", [offer_id], f"{action.value} an offer", acting_user):
        hold_addressee(pk=offer_id)
        rows = Offer.objects.select_for_update(of=("self",), no_key=True).select_related("account", "reward")
        offer = rows.get(pk=offer_id)
        check_member(acting_user, Function.CS)
        before, now = offer.state, timezone.now()
        if action is OfferAction.DELIVER:
            address_only_the_willing(offer)
            check_may_go(offer, now.date())
            _reach(offer, now)
        else:
            move(offer, action, now=now)
        if action is OfferAction.DECLINE:
            # The books are never rewritten: what was typed, which may name somebody, stands beside the audit alone.
            _give_back(offer, DECLINED, now.date(), acting_user)
        record(
            verb,
            acting_user=acting_user,
            object_type="offer",
            object_id=offer.pk,
            object_label=str(offer),
            before={"state": before},
            after={"state": offer.state} | ({"open until": offer.open_until.isoformat()} if offer.open_until else {}),
            typed=note,
        )
    return offer


def _reach(offer: Offer, now: datetime) -> None:
    step(offer, OfferAction.DELIVER, now)
    given = Grant.objects.filter(offer=offer).first()
    offer.delivered_at, offer.open_until = now, given.expires_on if given else None
    if offer.answer_days is not None:
        answer_by = now.date() + timedelta(days=offer.answer_days)
        offer.open_until = min(answer_by, offer.open_until or answer_by)
    # In one statement: what is told outside of the delivery reads its last day off the row that moves.
    offer.save(update_fields=[*MOVED, "contact", "informed", "delivered_at", "open_until"])
    note_gone(offer, now.date())


@transaction.atomic
def _lapse(offer_id: int, day: date) -> bool:
    rows = _overdue(day).select_for_update(of=("self",), no_key=True, skip_locked=True)
    offer = rows.select_related("account", "reward").filter(pk=offer_id).first()
    if offer is None:
        return False
    move(offer, OfferAction.LAPSE, now=timezone.now())
    said = f"Nobody accepted it by {day_text(offer.open_until)}." if offer.open_until else ""
    if Grant.objects.filter(offer=offer, expires_on__gte=offer.there).exists():
        _give_back(offer, said, day, None)
    else:
        # The credit itself expires by its lot, on the books of the same night.
        refund(offer.pk)
    _tell(offer, AuditVerb.OFFER_LAPSED, said)
    return True


def _tell(offer: Offer, verb: AuditVerb, reason: str) -> None:
    """The audit line of a step that nobody took."""
    record(
        verb,
        acting_user=None,
        object_type="offer",
        object_id=offer.pk,
        object_label=str(offer),
        reason=reason,
    )


def _give_back(offer: Offer, reason: str, day: date, acting_user: User | None) -> None:
    given = Grant.objects.filter(offer=offer).first()
    if given is not None and offer.reward.is_credit:
        take_back(given.pk, reason, acting_user=acting_user, booked_on=day)
    refund(offer.pk)
