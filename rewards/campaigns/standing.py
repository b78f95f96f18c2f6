"""Which of the three functions approved a campaign as it stands, and who may still."""

from dataclasses import dataclass
from datetime import datetime

from loyalty.core.people.models import User
from loyalty.core.people.rules import FUNCTION_LABELS, Function
from rewards.campaigns.models import Campaign
from rewards.campaigns.rules.statuses import CampaignStatus


@dataclass(frozen=True)
class Approval:
    """One function's standing; `may_approve`: the person looking can approve for it now."""

    function: Function
    label: str
    by: str
    at: datetime | None
    note: str
    may_approve: bool


def approvals_of(campaign: Campaign, user: User) -> list[Approval]:
    """The three functions in their order; approvals are of the version that stands now."""
    given = {a.function: a for a in campaign.approvals.filter(version=campaign.version).select_related("approved_by")}
    wrote = campaign.versions.filter(version=campaign.version, written_by=user).exists()
    used_up = any(a.approved_by_id == user.pk for a in given.values())
    is_open = campaign.status == CampaignStatus.MODELLED.value
    told = []
    for function in Function:
        approval = given.get(function.value)
        told.append(
            Approval(
                function=function,
                label=FUNCTION_LABELS[function],
                by=approval.approved_by.display_name if approval else "",
                at=approval.approved_at if approval else None,
                note=approval.note if approval else "",
                may_approve=is_open and approval is None and function in user.functions and not wrote and not used_up,
            )
        )
    return told
