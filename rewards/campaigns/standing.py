"""Which of the three functions approved a campaign as it stands, and who may still.

Once all three approved a version, its offers below every threshold are granted
without a person: that is its standing approval. It holds while what the campaign
gives is what they approved.
"""

from dataclasses import dataclass
from datetime import datetime

from django.db.models import Count

from loyalty.core.changes.models import ChangeEditor
from loyalty.core.changes.rules import ChangeState
from loyalty.core.people.models import User
from loyalty.core.people.rules import FUNCTION_LABELS, Function
from rewards.campaigns.ending import Change
from rewards.campaigns.models import KIND, Campaign, CampaignApproval
from rewards.campaigns.rules.statuses import CampaignAction, CampaignStatus, next_status


@dataclass(frozen=True)
class Approval:
    """One function's standing; `may_approve`: the person looking can approve for it now.

    `is_over`: it was approved before what the campaign gives became another thing.
    """

    function: Function
    label: str
    by: str
    at: datetime | None
    note: str
    is_over: bool
    may_approve: bool

    @property
    def holds(self) -> bool:
        """Whether the function approves what stands now."""
        return self.at is not None and not self.is_over


def approvals_of(campaign: Campaign, user: User, change: Change | None) -> list[Approval]:
    """The three functions in their order, of the version that stands now; `change` is the last of what it gives."""
    given = approvals_given(campaign)
    holding = {function: a for function, a in given.items() if change is None or a.approved_at > change.at}
    is_free = not wrote(campaign, user) and all(a.approved_by_id != user.pk for a in holding.values())
    may = is_free and next_status(CampaignStatus(campaign.status), CampaignAction.APPROVE) is not None
    return [
        Approval(
            function=function,
            label=FUNCTION_LABELS[function],
            by=approval.approved_by.display_name if approval else "",
            at=approval.approved_at if approval else None,
            note=approval.note if approval else "",
            is_over=approval is not None and function.value not in holding,
            may_approve=may and function.value not in holding and function in user.functions,
        )
        for function in Function
        for approval in [given.get(function.value)]
    ]


def approvals_given(campaign: Campaign) -> dict[str, CampaignApproval]:
    """The last approval of each function of the version that stands now, by the function."""
    given = campaign.approvals.filter(version=campaign.version, ended_at=None).select_related("approved_by")
    return {approval.function: approval for approval in given}


def came_before(change: Change, campaign: Campaign) -> bool:
    """Whether somebody approved the version that stands now before what it gives became another thing."""
    return campaign.approvals.filter(version=campaign.version, approved_at__lte=change.at).exists()


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
