"""Which of the three functions approved a campaign as it stands, and who may still.

Once all three approved a version, its offers below every threshold are granted
without a person: that is its standing approval.
"""

from dataclasses import dataclass
from datetime import datetime

from django.db.models import Count

from loyalty.core.changes.models import ChangeEditor
from loyalty.core.changes.rules import ChangeState
from loyalty.core.people.models import User
from loyalty.core.people.rules import FUNCTION_LABELS, Function
from rewards.campaigns.models import KIND, Campaign
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
    is_own = wrote(campaign, user)
    used_up = any(a.approved_by_id == user.pk for a in given.values())
    is_open = campaign.is_running or campaign.status == CampaignStatus.MODELLED.value
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
                may_approve=is_open and approval is None and function in user.functions and not is_own and not used_up,
            )
        )
    return told


def wrote(campaign: Campaign, user: User) -> bool:
    """Whether the person wrote any version that stands for approval now, at once or by a change that was applied.

    Those are all after the last earlier one that all three approved: what it said was decided by then, and is
    nobody's proposal any more.
    """
    agreed = _agreed_before(campaign)
    proposed = ChangeEditor.objects.filter(
        user=user,
        change__kind=KIND,
        change__object_id=campaign.pk,
        change__base_version__gte=agreed,
        change__state=ChangeState.APPLIED.value,
    )
    return campaign.versions.filter(version__gt=agreed, written_by=user).exists() or proposed.exists()


def _agreed_before(campaign: Campaign) -> int:
    """The last version before the one that stands now that all three functions approved; 0 when there is none."""
    earlier = campaign.approvals.filter(version__lt=campaign.version).values("version")
    agreed = earlier.annotate(functions=Count("function", distinct=True)).filter(functions=len(Function))
    return max(agreed.values_list("version", flat=True), default=0)
