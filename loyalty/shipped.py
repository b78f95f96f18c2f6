"""All that a new team starts with, room by room, from the ground up. Harmless to repeat."""

from datetime import datetime

from accounts.milestones.shipped import ensure_shipped as ensure_milestones
from accounts.segments.shipped import ensure_shipped as ensure_segments
from accounts.streaks.shipped import ensure_shipped as ensure_streaks
from accounts.tiers.verbs import ensure_shipped as ensure_tiers
from rewards.approvals.required.shipped import ensure_shipped as ensure_approval_rules
from rewards.campaigns.shipped import ensure_shipped as ensure_campaigns
from rewards.catalogue.shipped import ensure_shipped as ensure_catalogue
from rewards.fit.shipped import ensure_shipped as ensure_fit
from rewards.perks.verbs import ensure_shipped as ensure_perks
from rewards.tax.verbs import ensure_rules as ensure_tax_rules


def ensure_shipped(*, effective_at: datetime | None = None) -> None:
    """Make what is shipped unless it is there; it holds from `effective_at` (UTC, default now).

    Campaigns are drafts: what runs was approved by all three functions.
    """
    ensure_milestones(effective_at=effective_at)
    ensure_streaks(effective_at=effective_at)
    ensure_segments(effective_at=effective_at)
    ensure_tiers(effective_at=effective_at)
    ensure_catalogue(effective_at=effective_at)
    ensure_fit(effective_at=effective_at)
    ensure_approval_rules(effective_at=effective_at)
    ensure_perks(effective_at=effective_at)
    ensure_tax_rules()
    ensure_campaigns()
