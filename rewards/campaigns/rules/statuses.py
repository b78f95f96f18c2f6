"""The life of a campaign, as a table."""

from enum import StrEnum


class CampaignStatus(StrEnum):
    """The values are names of statuses."""

    DRAFT = "draft"
    MODELLED = "modelled"
    APPROVED = "approved"
    PILOT = "pilot"
    LIVE = "live"
    PAUSED = "paused"
    RETIRED = "retired"


class CampaignAction(StrEnum):
    """What can be done to a campaign; `approve` is the last approval that was missing of its version."""

    MODEL = "model"
    APPROVE = "approve"
    EDIT = "edit"
    START_PILOT = "start_pilot"
    LAUNCH = "launch"
    PAUSE = "pause"
    RESUME = "resume"
    RETIRE = "retire"


S, A = CampaignStatus, CampaignAction

# An edit of what is not live has to be modelled and approved again. What runs is
# edited by request and goes on running, without its standing approval until all
# three approve the new version; it is paused before it is retired. What is approved
# or runs is approved again when what it gives became another thing.
TRANSITIONS: dict[tuple[CampaignStatus, CampaignAction], CampaignStatus] = {
    (S.DRAFT, A.EDIT): S.DRAFT,
    (S.DRAFT, A.MODEL): S.MODELLED,
    (S.DRAFT, A.RETIRE): S.RETIRED,
    (S.MODELLED, A.EDIT): S.DRAFT,
    (S.MODELLED, A.APPROVE): S.APPROVED,
    (S.MODELLED, A.RETIRE): S.RETIRED,
    (S.APPROVED, A.EDIT): S.DRAFT,
    (S.APPROVED, A.APPROVE): S.APPROVED,
    (S.APPROVED, A.START_PILOT): S.PILOT,
    (S.APPROVED, A.LAUNCH): S.LIVE,
    (S.APPROVED, A.RETIRE): S.RETIRED,
    (S.PILOT, A.EDIT): S.PILOT,
    (S.PILOT, A.APPROVE): S.PILOT,
    (S.PILOT, A.LAUNCH): S.LIVE,
    (S.PILOT, A.PAUSE): S.PAUSED,
    (S.LIVE, A.EDIT): S.LIVE,
    (S.LIVE, A.APPROVE): S.LIVE,
    (S.LIVE, A.PAUSE): S.PAUSED,
    (S.PAUSED, A.EDIT): S.DRAFT,
    (S.PAUSED, A.RESUME): S.LIVE,
    (S.PAUSED, A.RETIRE): S.RETIRED,
}

RUNNING = frozenset({S.PILOT, S.LIVE})
"""A campaign in one of these proposes offers, and an edit of it is a change request."""

ACTION_WORDS: dict[CampaignAction, str] = {
    A.MODEL: "be taken as modelled",
    A.APPROVE: "be approved",
    A.EDIT: "be edited",
    A.START_PILOT: "start its pilot",
    A.LAUNCH: "go live",
    A.PAUSE: "be paused",
    A.RESUME: "go on",
    A.RETIRE: "be retired",
}


def next_status(status: CampaignStatus, action: CampaignAction) -> CampaignStatus | None:
    """The status that `action` leads to, or None when it makes no sense there."""
    return TRANSITIONS.get((status, action))


def actions_of(status: CampaignStatus) -> list[CampaignAction]:
    """What can be done now, in the order of the table."""
    return [action for (at, action) in TRANSITIONS if at is status]
