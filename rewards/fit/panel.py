"""What the contract-fit matrix says of an offer: which rules speak of its reward and of the account's contract."""

from django.urls import reverse

from accounts.facts.models import AccountFacts
from rewards.approvals.panels import Panel
from rewards.catalogue.rules import Delivery
from rewards.fit.models import FitRule
from rewards.fit.rules import Verdict
from rewards.offers.models import Offer


def fit_panel(offer: Offer) -> Panel:
    """The rules in force that speak of it, by the account's contract of the latest facts."""
    facts = AccountFacts.objects.filter(account_id=offer.account_id).order_by("-day").first()
    contract = [facts.plan_segment, facts.billing_frequency] if facts else []
    rules = FitRule.objects.filter(is_active=True, contract__in=[c for c in contract if c])
    by_hand = offer.reward.delivery == Delivery.BY_HAND.value
    spoken = [r for r in rules if offer.reward.kind in r.kinds or (r.by_hand and by_hand)]
    if not any(contract):
        sentences = ["Its contract is not known, so no rule speaks of it."]
    elif not spoken:
        sentences = ["No rule speaks of this reward and this contract, so it may be offered."]
    else:
        sentences = [f"{rule}." for rule in spoken]
        if any(rule.verdict == Verdict.UNFIT.value for rule in spoken):
            sentences.append("It passed what forbids on the day it was proposed.")
    return Panel("Contract fit", tuple(sentences), reverse("fit"))
