"""The campaigns of the demo company, taken through their life by the demo's own people.

The first layer runs, and of the second what gives credits and what people deliver, so that there is money to look at.
One waits for Finance, so that there is something to approve. The days are those of
the made-up history; the audit tells when the lines were really written.
"""

from datetime import datetime, timedelta

from django.db import transaction

from loyalty.core.people.models import User
from loyalty.core.people.rules import Function
from loyalty.demo.setup import SEATS
from rewards.campaigns.models import Campaign, CampaignApproval, CampaignVersion
from rewards.campaigns.ready import READY_MADE
from rewards.campaigns.rules.statuses import CampaignAction, CampaignStatus
from rewards.campaigns.verbs import approve_campaign, move_campaign

WAITING = "integration-milestone"
FIRST_LAYER = tuple(ready.key for ready in READY_MADE if ready.layer == 1)
WITH_CREDIT = ("renewal-credit", "annual-conversion", "referral", "growth-rebate", "weekly-sign-in-streak")
BY_HAND = ("roadmap-access",)
LAUNCHED = (*FIRST_LAYER, *WITH_CREDIT, *BY_HAND)
DESIGNED, SIGNED = timedelta(days=9), timedelta(days=2)


@transaction.atomic
def launch(live_since: datetime) -> None:
    """Model, approve and launch what is still a draft of what is to run; it runs from `live_since` (UTC)."""
    people = {function: _first_of(function) for function in Function}
    for campaign in Campaign.objects.filter(key__in=LAUNCHED, status=CampaignStatus.DRAFT.value).order_by("pk"):
        owner = people[Function(campaign.owner_function)]
        move_campaign(campaign.pk, CampaignAction.MODEL, acting_user=owner)
        for function, person in people.items():
            if campaign.key != WAITING or function is not Function.FINANCE:
                approve_campaign(campaign.pk, function=function, version=campaign.version, acting_user=person)
        if campaign.key != WAITING:
            move_campaign(campaign.pk, CampaignAction.LAUNCH, acting_user=owner)
        _date_back(campaign, live_since)


def _date_back(campaign: Campaign, live_since: datetime) -> None:
    CampaignVersion.objects.filter(campaign=campaign).update(effective_at=live_since - DESIGNED)
    CampaignApproval.objects.filter(campaign=campaign).update(approved_at=live_since - SIGNED)
    Campaign.objects.filter(pk=campaign.pk, live_since__isnull=False).update(live_since=live_since)


def _first_of(function: Function) -> User:
    return User.objects.get(username=next(seat.username for seat in SEATS if seat.function == function.value))
