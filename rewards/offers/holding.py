"""Grants whose approval can still be taken back: they stand on no books, and nobody outside knows of them."""

from datetime import datetime

from django.db.models import Q

from rewards.offers.rules import OfferState


def is_held(now: datetime) -> Q:
    """The condition on grants."""
    return Q(offer__state=OfferState.APPROVED.value, held_until__gte=now)
