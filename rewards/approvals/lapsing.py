"""Offers that nobody decided in time: they lapse, they are never approved by default."""

from datetime import datetime

from django.db import transaction
from django.utils import timezone

from loyalty.core.audit.models import AuditLine
from loyalty.core.audit.rules import AuditVerb
from loyalty.core.audit.verbs import audit_line
from loyalty.core.people.rules import functions_in_words
from rewards.approvals.verbs import void_waiting
from rewards.offers.models import Offer
from rewards.offers.rules import OfferAction, OfferState
from rewards.offers.verbs import close_all


def lapse_overdue(*, now: datetime | None = None, limit: int = 500) -> int:
    """End offers whose step is past due; returns how many.

    Their reserved room is free again. Safe to run twice and on several workers.
    """
    moment = now or timezone.now()
    lapsed = 0
    while True:
        with transaction.atomic():
            overdue = list(
                Offer.objects.select_for_update(of=("self",), no_key=True, skip_locked=True)
                .select_related("account")
                .filter(state=OfferState.IN_APPROVAL.value, due_at__lt=moment)
                .order_by("id")[:limit]
            )
            lines = [_line(offer) for offer in overdue]
            void_waiting([offer.pk for offer in overdue])
            close_all(overdue, OfferAction.LAPSE, now=moment)
            AuditLine.objects.bulk_create(lines)
        lapsed += len(overdue)
        if len(overdue) < limit:
            return lapsed


def _line(offer: Offer) -> AuditLine:
    return audit_line(
        AuditVerb.OFFER_LAPSED,
        acting_user=None,
        object_type="offer",
        object_id=offer.pk,
        object_label=str(offer),
        reason=f"{functions_in_words(offer.awaits)} did not decide in time.",
    )
