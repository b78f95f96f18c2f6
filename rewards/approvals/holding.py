"""What offers, and what people typed about them, hold on a contact, for export and erasure."""

from collections.abc import Iterable, Sequence
from typing import Any, TypeVar
from urllib.parse import parse_qsl, urlencode

from django.db.models import Model, Q, QuerySet

from accounts.conditions.queries import vocabulary
from accounts.contacts.holdings import Holding
from accounts.contacts.naming import mentions
from accounts.contacts.rules import Names
from loyalty.core.audit.models import AuditLine
from loyalty.core.audit.typed import strike_typed
from rewards.approvals.models import ApprovalStep, OfferComment, OfferRevision, SavedView
from rewards.offers.evidence import rendered
from rewards.offers.models import Offer

BATCH = 500
_LONGEST_REASON = 300
M = TypeVar("M", bound=Model)


def rows_of(contact_id: int) -> list[dict[str, Any]]:
    """The offers addressed to the contact; money in the offer's currency."""
    words = vocabulary()
    return [
        {
            "reward": offer.reward_name,
            "value": offer.face_value,
            "currency": offer.currency,
            "state": offer.state,
            "proposed_at": offer.proposed_at,
            "evidence": rendered(offer.evidence, words),
        }
        for offer in Offer.objects.filter(contact_id=contact_id).order_by("id")
    ]


def _accounts(contact_id: int) -> Iterable[int]:
    return Offer.objects.filter(Q(contact=contact_id) | Q(informed=contact_id)).values_list("account_id", flat=True)


def strike(account_ids: Sequence[int], names: Names) -> None:
    """Take the names out of evidence and of all that people typed about the offers.

    Figures, states and terms stay as they were approved.
    """
    offers = list(Offer.objects.filter(account_id__in=account_ids).order_by("id").select_for_update(no_key=True))
    told = [o for o in offers if names.struck(o.evidence) != o.evidence or names.is_in(o.snooze_reason)]
    for offer in told:
        offer.evidence = names.struck(offer.evidence)
        offer.snooze_reason = names.struck_text(offer.snooze_reason)[:_LONGEST_REASON]
    Offer.objects.bulk_update(told, ["evidence", "snooze_reason"], batch_size=BATCH)
    _strike_text(ApprovalStep.objects.filter(offer__in=offers), "note", names)
    _strike_text(OfferComment.objects.filter(offer__in=offers), "text", names)
    _strike_text(OfferRevision.objects.filter(offer__in=offers), "reason", names)
    _strike_views(names)
    of_offers = AuditLine.objects.filter(object_type="offer", object_id__in=[str(offer.pk) for offer in offers])
    for lines in (of_offers, AuditLine.objects.filter(object_type="view")):
        strike_typed(lines, mentions("text", names), names.struck_text)


def _strike_text(rows: QuerySet[M], field: str, names: Names) -> None:
    told = [row for row in rows.filter(mentions(field, names)) if names.is_in(getattr(row, field))]
    for row in told:
        setattr(row, field, names.struck_text(getattr(row, field)))
    rows.model._default_manager.bulk_update(told, [field], batch_size=BATCH)


def _strike_views(names: Names) -> None:
    """Kept filters no longer look for them; a name that is struck could be that of another view of the same person."""
    told = []
    for view in SavedView.objects.order_by("pk"):
        filters = parse_qsl(view.query.removeprefix("?"), keep_blank_values=True)
        left = [(name, value) for name, value in filters if not names.is_in(value)]
        if left != filters or names.is_in(view.name):
            view.query = f"?{urlencode(left)}" if left != filters else view.query
            view.name = f"View {view.pk}" if names.is_in(view.name) else view.name
            told.append(view)
    SavedView.objects.bulk_update(told, ["query", "name"], batch_size=BATCH)


OFFERS = Holding("offers", rows_of, strike, _accounts)
