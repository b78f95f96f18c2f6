"""How a campaign is changed by request: the ground calls these."""

from typing import Any

from django.conf import settings
from django.urls import reverse

from loyalty.core.changes.registry import Changeable, Live, Values, anew_at
from loyalty.core.people.rules import Function
from rewards.campaigns.ending import has_standing_approval
from rewards.campaigns.knowing import known
from rewards.campaigns.measuring import impact_in_words
from rewards.campaigns.models import KIND, Campaign
from rewards.campaigns.rules.terms import FIELD_LABELS, clean_values, value_in_words
from rewards.campaigns.verbs import values_of, write_version


def _get(campaign_id: int, lock: bool) -> Campaign:
    rows = Campaign.objects.select_for_update(no_key=True) if lock else Campaign.objects.all()
    campaign = rows.filter(pk=campaign_id).first()
    if campaign is None:
        raise LookupError(f"No campaign {campaign_id}")
    return campaign


def read(campaign_id: int, lock: bool) -> Live:
    """The campaign as it stands now."""
    campaign = _get(campaign_id, lock)
    return Live(
        label=campaign.name,
        url=reverse("campaign", args=[campaign.pk]),
        version=campaign.version,
        values=values_of(campaign),
        is_live=campaign.is_running,
    )


def clean(campaign_id: int, values: Values) -> dict[str, Any]:
    """Complete, valid values; raises BadTerms with all that is wrong."""
    return clean_values(values_of(_get(campaign_id, lock=False)), values, known())


def impact(campaign_id: int, values: Values) -> list[str]:
    """Whom the terms add and drop now, what they would have cost over last year, and what goes on meanwhile."""
    campaign = _get(campaign_id, lock=False)
    told = impact_in_words(values_of(campaign), values)
    if not campaign.is_running:
        return [*told, "It does not run, so nothing happens until it is modelled, approved and launched anew."]
    stands = "Offers that stand keep the terms they were made with; what fires from then on has the new ones."
    if has_standing_approval(campaign):
        stands += " Its standing approval ends until all three approve the new version."
    return [*told, stands]


def owner_of(campaign_id: int, fields: set[str]) -> Function:
    """The function that owns the campaign."""
    return Function(_get(campaign_id, lock=False).owner_function)


def in_words(field: str, value: Any) -> str:
    """One value of a campaign for people."""
    return value_in_words(field, value, known(), settings.REPORTING_CURRENCY)


CHANGEABLE_CAMPAIGN = Changeable(
    kind=KIND,
    label="campaign",
    owner_of=owner_of,
    read=read,
    clean=clean,
    impact=impact,
    apply=write_version,
    field_labels=FIELD_LABELS,
    in_words=in_words,
    edit_url=lambda object_id, change_id: anew_at(reverse("campaign-edit", args=[object_id]), change_id),
)
