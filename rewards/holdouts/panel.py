"""What the lot says of an offer: whether the campaign holds accounts out, and that this one was not."""

from loyalty.core.figures import day_text
from rewards.approvals.panels import Panel
from rewards.holdouts.models import HoldoutAssignment
from rewards.offers.models import Offer


def lot_panel(offer: Offer) -> Panel:
    """The account's lot in the campaign."""
    lot = HoldoutAssignment.objects.filter(campaign_id=offer.campaign_id, account_id=offer.account_id).first()
    if lot is None:
        return Panel("Holdout", ("The campaign holds nobody out.",))
    drawn = f"drawn {day_text(lot.assigned_at.date())}, {lot.percent} % held out"
    if lot.is_held_out:
        return Panel("Holdout", (f"Held out by lot ({drawn}); it was offered before that.",))
    return Panel("Holdout", (f"Treated by lot ({drawn}), so the lift can be measured against those held out.",))
