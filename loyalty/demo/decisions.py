"""What the demo's own people do on the first day: decide a part of the offers, hand rewards over, lower invoices.

All of it through the verbs of the rooms, as of now. Who is chosen follows from the names of account and campaign, so
that a build that was killed goes on as it would have. What waits is mostly left: the queues are there to be worked.
"""

import zlib
from collections import defaultdict
from collections.abc import Sequence
from datetime import datetime, timedelta

from django.utils import timezone

from loyalty.core.people.models import User
from loyalty.core.people.rules import Function
from loyalty.demo.billing_runs import bill
from rewards.approvals.models import StepState
from rewards.approvals.revising import revise
from rewards.approvals.verbs import Ask, decide_all
from rewards.delivery.invoices.settling import settle_invoices
from rewards.delivery.tasks.models import DeliveryTask
from rewards.delivery.tasks.verbs import assign
from rewards.ledger.folding import fold
from rewards.ledger.reconciliation import check, keep_proof
from rewards.offers.handing import accept, decline, deliver, redeem_used_up
from rewards.offers.models import Offer
from rewards.offers.rules import OfferState

LEAST_LEFT = 4
REJECTED_BECAUSE = (
    "They asked for quiet until their migration is done",
    "Two offers in a quarter are enough for them",
    "Their champion has just left; we speak with the new one first",
)
SHORTER = (90, 150, 210, 270)
SHORTER_BECAUSE = "They renew before that; a nearer day keeps it in mind"
DECLINED_BECAUSE = "They would rather speak about seats"
People = Sequence[User]


def act(until: datetime, cs: People, product: People, finance: People) -> None:
    """Let them act; `until` (UTC) is where the history ends, and what billing knows."""
    _decide(Function.CS, cs)
    _decide(Function.PRODUCT, product)
    _decide(Function.FINANCE, finance)
    _hand_over(cs)
    bill(until)
    settle_invoices(timezone.now(), limit=10_000)
    redeem_used_up(now=timezone.now())
    fold()
    keep_proof(check())


def _lot(offer: Offer) -> int:
    """A number that goes with account and campaign, whatever ids they got."""
    return zlib.crc32(f"{offer.account.external_id} {offer.campaign.key}".encode())


def _drawn(**which: object) -> list[Offer]:
    rows = Offer.objects.filter(**which).select_related("account", "campaign", "reward", "assigned_to")
    return sorted(rows, key=_lot)


def _whose(offer: Offer, people: People, turn: int) -> User:
    """In whose book it is; else they take turns."""
    return next((person for person in people if person == offer.assigned_to), people[turn % len(people)])


def _decide(function: Function, people: People) -> None:
    """Half of what waits for a function is decided, in the book of whose it is; one of six is rejected."""
    waiting = _drawn(state=OfferState.IN_APPROVAL.value, awaits=[function.value])
    decided = waiting[max(LEAST_LEFT, len(waiting) // 2) :]
    asks: dict[tuple[User, str], list[Ask]] = defaultdict(list)
    for turn, offer in enumerate(decided):
        person = _whose(offer, people, turn)
        if function is Function.CS and offer.reward.is_credit:
            colleague = people[(people.index(person) + 1) % len(people)]
            offer = revise(
                offer.pk,
                SHORTER[turn % len(SHORTER)],
                SHORTER_BECAUSE,
                digest=offer.digest,
                acting_user=colleague,
            )
        why_not = REJECTED_BECAUSE[turn // 6 % len(REJECTED_BECAUSE)] if turn % 6 == 5 else ""
        asks[(person, why_not)].append(Ask(offer.pk, offer.digest))
    for (person, why_not), some in asks.items():
        decide_all(some, StepState.REJECTED if why_not else StepState.APPROVED, why_not, acting_user=person)


def _hand_over(cs: People) -> None:
    """Of what was granted some has reached the customer, who took most of it; some deliveries wait for their day."""
    tasks = {task.offer_id: task for task in DeliveryTask.objects.select_related("owner")}
    today = timezone.now().date()
    for turn, offer in enumerate(_drawn(state=OfferState.APPROVED.value)):
        person = _whose(offer, cs, turn)
        task = tasks.get(offer.pk)
        if task is not None:
            assign(task.pk, person, today + timedelta(days=3 + turn % 10), acting_user=cs[0])
        if turn % 3 == 2:
            continue
        deliver(offer.pk, acting_user=person)
        if turn % 12 == 10:
            decline(offer.pk, note=DECLINED_BECAUSE, acting_user=person)
        elif turn % 3 == 0:
            accept(offer.pk, acting_user=person)
