"""The offers that referrals made, as the page of referrals shows them."""

from collections.abc import Collection

from django.urls import reverse

from accounts.referrals.registry import OfferMade, OffersMade
from rewards.offers.models import Offer


def offers_by_referral(referral_ids: Collection[int]) -> OffersMade:
    """The offers by the id of the referral that caused them, the first step of each ladder first."""
    keys = {f"referral:{referral}": referral for referral in referral_ids}
    # Asked by the referrers, by whom offers are indexed.
    rows = Offer.objects.filter(account__referrals__in=list(referral_ids), cause_key__in=keys).distinct()
    found: dict[int, list[OfferMade]] = {}
    for offer in rows.order_by("step", "id"):
        made = OfferMade(offer.reward_name, offer.get_state_display(), reverse("offer", args=[offer.pk]))
        found.setdefault(keys[offer.cause_key], []).append(made)
    return found
