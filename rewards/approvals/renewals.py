"""Taking back what a renewal brought, once the renewal is none any more: its invoice is void, or was given back."""

from datetime import date

from django.db import transaction
from django.db.models import CharField, Exists, OuterRef, Q, Value
from django.db.models.functions import Cast, Concat
from django.urls import reverse

from accounts.renewals.models import Renewal
from loyalty.core.errors import DomainError
from loyalty.core.notices.verbs import tell
from loyalty.core.people.queries import members
from loyalty.core.people.rules import Function
from rewards.approvals.verbs import void_waiting
from rewards.ledger.models import Posting
from rewards.ledger.rules import PostingKind
from rewards.ledger.verbs import take_back
from rewards.offers.models import Offer
from rewards.offers.rules import OPEN_STATES
from rewards.offers.withdrawing import WITHDRAWN_FROM, withdraw

REASON = "The renewal was taken back: its invoice is void, or was given back."


def take_back_renewals(day: date) -> int:
    """Withdraw the offers of withdrawn renewals, granted or not, and take their credits off the books.

    Returns how many that were. Booked on `day` (UTC). Each offer is a transaction of its own; twice is once. A credit
    of which some was used stays, with its offer, and Finance is told so, once.
    """
    causes = Renewal.objects.filter(withdrawn_at__isnull=False)
    named = causes.annotate(cause=Concat(Value("renewal:"), Cast("pk", CharField()), output_field=CharField()))
    # No night looks again at what an earlier one took back: it stands on no books, and its offer is over.
    standing = Posting.objects.filter(
        kind=PostingKind.ISSUE.value, reversed_by=None, lines__lot__grant__offer=OuterRef("pk")
    )
    offers = Offer.objects.filter(
        Q(state__in=[state.value for state in OPEN_STATES])
        | Q(state__in=[state.value for state in WITHDRAWN_FROM], reward__is_credit=True)
        | Exists(standing),
        Exists(named.filter(cause=OuterRef("cause_key"), account=OuterRef("account"))),
    )
    return sum(_take_back(pk, day) for pk in offers.order_by("pk").values_list("pk", flat=True))


@transaction.atomic
def _take_back(offer_id: int, day: date) -> bool:
    rows = Offer.objects.select_for_update(of=("self",), no_key=True).select_related("account", "reward", "grant")
    offer = rows.get(pk=offer_id)
    if offer.state in {state.value for state in OPEN_STATES}:
        void_waiting([offer.pk])
        withdraw(offer, REASON, acting_user=None)
        return True
    given = getattr(offer, "grant", None)
    if given is None or not offer.reward.is_credit:
        return False
    try:
        with transaction.atomic():
            if take_back(given.pk, REASON, acting_user=None, booked_on=day) is None:
                return False
    except DomainError as refused:
        people = members(Function.FINANCE).values_list("pk", flat=True)
        words = f"{offer}: its renewal was taken back, but the credit was used. {refused}"
        tell(people, f"renewal:{offer.pk}:used", words[:300], reverse("offer", args=[offer.pk]))
        return False
    withdraw(offer, REASON, acting_user=None)
    return True
