"""Making campaigns, writing their versions, and taking them through their life.

Invariants: every edit is a version; an approval is of a version, and one person
approves it for one function only; what runs was approved by all three functions; an
approval is of what the campaign gave then.
"""

from collections.abc import Mapping
from typing import Any

from django.db import transaction
from django.utils import timezone
from django.utils.text import slugify

from loyalty.core.audit.refusing import telling_refusals
from loyalty.core.audit.rules import AuditVerb
from loyalty.core.audit.verbs import record, record_edit
from loyalty.core.errors import DomainError, NotAllowed
from loyalty.core.people.models import User
from loyalty.core.people.permissions import check_member
from loyalty.core.people.rules import FUNCTION_LABELS, Function
from rewards.campaigns.ending import hold_what_is_given, last_change, stamp_of
from rewards.campaigns.knowing import known
from rewards.campaigns.models import KIND, Campaign, CampaignApproval, CampaignStep, CampaignVersion
from rewards.campaigns.rules.ladder import LadderStep
from rewards.campaigns.rules.statuses import ACTION_WORDS, CampaignAction, CampaignStatus, next_status
from rewards.campaigns.rules.terms import DEFAULTS, FIELD_LABELS, clean_values
from rewards.campaigns.rules.trigger import TriggerKind
from rewards.campaigns.rules.triggers import TRIGGERS
from rewards.campaigns.standing import approvals_given, wrote
from rewards.catalogue.models import Reward

PLAIN_FIELDS = [field for field in FIELD_LABELS if field not in ("trigger", "ladder")]
OF_THE_OWNER = frozenset(CampaignAction) - {CampaignAction.APPROVE, CampaignAction.EDIT}


@transaction.atomic
def create_campaign(values: Mapping[str, Any], *, acting_user: User, reason: str = "") -> Campaign:
    """Make a draft, owned by the function that owns its trigger unless `owner_function` says another.

    Raises BadTerms, and NotAllowed unless the person belongs to the owning function.
    """
    cleaned = clean_values(DEFAULTS, values, known())
    owner = Function(values.get("owner_function") or TRIGGERS[TriggerKind(cleaned["trigger"]["kind"])].owner)
    check_member(acting_user, owner)
    return add_campaign(_free_key(cleaned["name"]), cleaned, owner, acting_user=acting_user, reason=reason)


def add_campaign(
    key: str, cleaned: Mapping[str, Any], owner: Function, *, acting_user: User | None, reason: str = ""
) -> Campaign:
    """Write a new draft with valid values, its first version and its audit line; who may is decided by the caller."""
    campaign = Campaign(key=key, owner_function=owner.value)
    _put(campaign, cleaned)
    campaign.save(force_insert=True)
    _write_ladder(campaign, cleaned["ladder"])
    _keep_version(campaign, acting_user)
    record(
        AuditVerb.CREATED,
        acting_user=acting_user,
        object_type="campaign",
        object_id=campaign.pk,
        object_label=campaign.name,
        after=values_of(campaign),
        reason=reason,
    )
    return campaign


@transaction.atomic
def write_version(campaign_id: int, values: Mapping[str, Any], acting_user: User, reason: str) -> None:
    """Make the values the next version, from now on. Who may do so was decided by the caller.

    What runs goes on running; anything else becomes a draft again, which voids its approvals.
    """
    campaign = _lock(campaign_id)
    status = _after(campaign, CampaignAction.EDIT)
    before = values_of(campaign)
    _put(campaign, values)
    campaign.version += 1
    campaign.status = status.value
    campaign.save()
    campaign.steps.all().delete()
    _write_ladder(campaign, values["ladder"])
    _keep_version(campaign, acting_user)
    after = values_of(campaign)
    record_edit(
        acting_user=acting_user,
        object_type="campaign",
        object_id=campaign.pk,
        object_label=campaign.name,
        before=before,
        after=after,
        version=campaign.version,
        reason=reason,
    )


@transaction.atomic
def move_campaign(campaign_id: int, action: CampaignAction, *, reason: str = "", acting_user: User) -> Campaign:
    """Take a campaign a step further in its life: model, start the pilot, launch, pause, resume, retire.

    Raises NotAllowed unless a member of the owning function acts, DomainError when
    the table has no such step, or when it is paused or retired without a reason.
    """
    if action not in OF_THE_OWNER:
        raise DomainError("A campaign is approved and edited by verbs of their own.")
    campaign = _lock(campaign_id)
    check_member(acting_user, Function(campaign.owner_function))
    status = _after(campaign, action)
    if action in (CampaignAction.PAUSE, CampaignAction.RETIRE) and not reason.strip():
        raise DomainError("Say why, so that whoever finds it stopped knows.")
    _set_status(campaign, status, reason, acting_user)
    return campaign


def approve_campaign(
    campaign_id: int,
    *,
    function: Function,
    version: int,
    rewards: str | None = None,
    note: str = "",
    acting_user: User,
) -> Campaign:
    """Approve a version for one function; the last of the three makes a modelled campaign approved.

    Of what runs already, a version that was edited since gets its standing approval back, and so does one of
    which a reward became another thing; `rewards` is the stamp of those that were read on a page.
    Raises NotAllowed (not a member, wrote this version or one since all three approved, approved it
    for another function), which the audit tells of, and DomainError (another version than `version`
    stands now, approved already).
    """
    with telling_refusals(KIND, [campaign_id], f"approve a campaign for {FUNCTION_LABELS[function]}", acting_user):
        return _approve(campaign_id, function, version, rewards, note, acting_user)


def _approve(
    campaign_id: int, function: Function, version: int, rewards: str | None, note: str, acting_user: User
) -> Campaign:
    campaign = _lock(campaign_id)
    check_member(acting_user, function)
    status = _after(campaign, CampaignAction.APPROVE)
    hold_what_is_given(campaign)
    change = last_change(campaign.pk)
    if version != campaign.version or rewards not in (None, stamp_of(change)):
        raise DomainError("The terms changed while you were looking. Read them again, then decide.")
    if wrote(campaign, acting_user):
        raise NotAllowed("You wrote this version, or one since all three approved, so somebody else approves it.")
    if change:
        earlier = campaign.approvals.filter(version=version, ended_at=None, approved_at__lte=change.at)
        earlier.update(ended_at=change.at)
    given = approvals_given(campaign)
    if function.value in given:
        who = given[function.value].approved_by.display_name
        raise DomainError(f"{who} approved this for {FUNCTION_LABELS[function]} already. Your click changed nothing.")
    if any(a.approved_by_id == acting_user.pk for a in given.values()):
        raise NotAllowed("You approved this for another function; one person approves for one function only.")
    CampaignApproval.objects.create(
        campaign=campaign,
        version=version,
        function=function.value,
        approved_by=acting_user,
        approved_at=timezone.now(),
        note=note,
    )
    record(
        AuditVerb.CAMPAIGN_APPROVED,
        acting_user=acting_user,
        object_type="campaign",
        object_id=campaign.pk,
        object_label=campaign.name,
        after={"function": FUNCTION_LABELS[function], "version": version},
        reason=note,
    )
    if len(given) + 1 == len(Function) and status.value != campaign.status:
        _set_status(campaign, status, note, acting_user)
    return campaign


def values_of(campaign: Campaign) -> dict[str, Any]:
    """The editable terms as JSON values."""
    steps = campaign.steps.order_by("position").values_list("reward__key", "wait_days", "answer_days")
    return {
        **{field: getattr(campaign, field) for field in PLAIN_FIELDS},
        "trigger": campaign.trigger,
        "ladder": [LadderStep(*step).written for step in steps],
    }


def _set_status(campaign: Campaign, status: CampaignStatus, reason: str, acting_user: User) -> None:
    before = campaign.status
    campaign.status = status.value
    if campaign.is_running and CampaignStatus(before) not in (CampaignStatus.PILOT, CampaignStatus.LIVE):
        # What came to pass while it did not run never fires.
        campaign.live_since = timezone.now()
    campaign.save(update_fields=["status", "live_since"])
    record(
        AuditVerb.CAMPAIGN_MOVED,
        acting_user=acting_user,
        object_type="campaign",
        object_id=campaign.pk,
        object_label=f"{campaign.name}: {status.value}",
        before={"status": before},
        after={"status": status.value},
        reason=reason,
    )


def _lock(campaign_id: int) -> Campaign:
    return Campaign.objects.select_for_update(no_key=True).get(pk=campaign_id)


def _after(campaign: Campaign, action: CampaignAction) -> CampaignStatus:
    status = next_status(CampaignStatus(campaign.status), action)
    if status is None:
        raise DomainError(f"This campaign is {campaign.status}; it cannot {ACTION_WORDS[action]} now.")
    return status


def _put(campaign: Campaign, values: Mapping[str, Any]) -> None:
    for field in PLAIN_FIELDS:
        setattr(campaign, field, values[field])
    # A lot without a seed of its own would fall alike in every campaign.
    campaign.holdout_seed = campaign.holdout_seed or campaign.key
    trigger = dict(values["trigger"])
    campaign.trigger_kind, campaign.trigger_parameters = trigger.pop("kind"), trigger


def _write_ladder(campaign: Campaign, ladder: list[Mapping[str, Any]]) -> None:
    rewards = Reward.objects.in_bulk([step["reward"] for step in ladder], field_name="key")
    CampaignStep.objects.bulk_create(
        CampaignStep(
            campaign=campaign,
            position=n,
            reward=rewards[step["reward"]],
            wait_days=step["wait_days"],
            answer_days=step.get("answer_days"),
        )
        for n, step in enumerate(ladder, start=1)
    )


def _keep_version(campaign: Campaign, acting_user: User | None) -> None:
    CampaignVersion.objects.create(
        campaign=campaign,
        version=campaign.version,
        terms=values_of(campaign),
        effective_at=timezone.now(),
        written_by=acting_user,
    )


def _free_key(name: str) -> str:
    base = slugify(name)[:50] or "campaign"
    taken = set(Campaign.objects.filter(key__startswith=base).values_list("key", flat=True))
    return next(key for n in range(1, len(taken) + 2) if (key := base if n == 1 else f"{base}-{n}") not in taken)
