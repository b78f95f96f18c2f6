"""What the ladder says of an offer: which step it is, why that opened, and what comes next and when."""

from datetime import timedelta

from django.urls import reverse

from loyalty.core.figures import day_text, number_text
from rewards.approvals.panels import Panel
from rewards.campaigns.models import CampaignStep
from rewards.offers.models import Offer
from rewards.offers.rules import OfferState

S = OfferState
OPENS_THE_NEXT = (S.DECLINED, S.LAPSED)
GOES_NO_FURTHER = (S.ACCEPTED, S.REDEEMED, S.REJECTED, S.WITHDRAWN)


def ladder_panel(offer: Offer) -> Panel:
    """The ladder of the campaign as it is now; nothing of a campaign with a single step."""
    steps = list(CampaignStep.objects.filter(campaign_id=offer.campaign_id).select_related("reward"))
    url = reverse("campaign", args=[offer.campaign_id])
    if len(steps) < 2:
        return Panel("Ladder", (), url)
    same = Offer.objects.filter(campaign_id=offer.campaign_id, account_id=offer.account_id, cause_key=offer.cause_key)
    around = {other.step: other for other in same.filter(step__in=[offer.step - 1, offer.step + 1])}
    named = " → ".join(step.reward.name for step in steps)
    said = [f"Step {offer.step} of {len(steps)}: {named}."]
    if before := around.get(offer.step - 1):
        said.append(_opened(before))
    if offer.answer_days and offer.state in (S.IN_APPROVAL, S.APPROVED):
        said.append(f"Once delivered it lapses unless it is answered within {_days(offer.answer_days)}.")
    if after := around.get(offer.step + 1):
        said.append(f"“{after.reward_name}” followed on {day_text(after.proposed_at.date())}.")
    elif following := next((step for step in steps if step.position == offer.step + 1), None):
        said.append(_comes_next(offer, following))
    return Panel("Ladder", tuple(said), url)


def _opened(before: Offer) -> str:
    on = f" on {day_text(before.closed_at.date())}" if before.closed_at else ""
    return f"It opened because “{before.reward_name}” {'was ' if before.state == S.DECLINED else ''}{before.state}{on}."


def _comes_next(offer: Offer, following: CampaignStep) -> str:
    name = f"“{following.reward.name}”"
    if offer.state in GOES_NO_FURTHER:
        return f"{name} does not open: this one was {OfferState(offer.state).label}."
    if offer.state in OPENS_THE_NEXT and offer.closed_at:
        opens = offer.closed_at.date() + timedelta(days=following.wait_days)
        return f"{name} opens on {day_text(opens)}, if the trigger still holds then."
    after = f"{_days(following.wait_days)} after" if following.wait_days else "as soon as"
    ends = "this one is declined or lapses" if following.wait_days == 0 else "this one was declined or lapsed"
    return f"{name} opens {after} {ends}, if the trigger still holds then."


def _days(count: int) -> str:
    return f"{number_text(count)} {'day' if count == 1 else 'days'}"
