"""The ready-made campaigns, made as drafts, so that a new team does not start from an empty page."""

from django.db import transaction

from rewards.campaigns.knowing import known
from rewards.campaigns.models import Campaign
from rewards.campaigns.ready import READY_MADE
from rewards.campaigns.rules.terms import DEFAULTS, clean_values
from rewards.campaigns.verbs import add_campaign

SHIPPED_WITH = "Shipped with the application"


@transaction.atomic
def ensure_shipped() -> list[Campaign]:
    """Make the ready-made campaigns that are not there, as drafts; returns all of them.

    Segments, tiers, streaks, milestones and rewards have to be there before.
    """
    found = Campaign.objects.in_bulk([ready.key for ready in READY_MADE], field_name="key")
    words = known()
    for ready in READY_MADE:
        if ready.key in found:
            continue
        terms = clean_values(DEFAULTS, ready.terms, words)
        found[ready.key] = add_campaign(ready.key, terms, ready.owner, acting_user=None, reason=SHIPPED_WITH)
    return [found[ready.key] for ready in READY_MADE]
