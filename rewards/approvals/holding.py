"""What offers hold on a contact, for export and erasure."""

from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from django.db.models import Q, TextField
from django.db.models.functions import Cast

from accounts.conditions.queries import vocabulary
from accounts.contacts.holdings import Holding
from accounts.contacts.naming import mentions
from accounts.contacts.rules import Names
from rewards.offers.evidence import rendered
from rewards.offers.models import Offer

BATCH = 500


def _rows(contact_id: int, account_ids: Sequence[int], names: Names) -> Iterator[dict[str, Any]]:
    """The offers that are addressed to the contact, told them, or name them; money in the offer's currency."""
    words = vocabulary()
    told = Q(contact=contact_id) | Q(informed=contact_id) | Q(account__in=account_ids) & mentions("text", names)
    offers = Offer.objects.annotate(text=Cast("evidence", TextField())).filter(told)
    for offer in offers.order_by("id").iterator(chunk_size=BATCH):
        if contact_id in (offer.contact_id, offer.informed_id) or names.struck(offer.evidence) != offer.evidence:
            yield {
                "reward": offer.reward_name,
                "value": offer.face_value,
                "currency": offer.currency,
                "state": offer.state,
                "proposed_at": offer.proposed_at,
                "evidence": rendered(offer.evidence, words),
            }


def _accounts(contact_id: int) -> Iterable[int]:
    return Offer.objects.filter(Q(contact=contact_id) | Q(informed=contact_id)).values_list("account_id", flat=True)


def _strike(account_ids: Sequence[int], names: Names) -> None:
    """Take the names out of the evidence; figures, states and terms stay as they were approved."""
    offers = list(Offer.objects.filter(account_id__in=account_ids).order_by("id").select_for_update(no_key=True))
    told = [offer for offer in offers if names.struck(offer.evidence) != offer.evidence]
    for offer in told:
        offer.evidence = names.struck(offer.evidence)
    Offer.objects.bulk_update(told, ["evidence"], batch_size=BATCH)


OFFERS = Holding("offers", _rows, _strike, _accounts)
