"""The campaigns that run now, ready to be evaluated: their rules read, their silent sources seen."""

import logging
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.conf import settings

from accounts.conditions.queries import vocabulary
from accounts.conditions.rules.predicate import Predicate, predicate
from accounts.conditions.rules.reading import BadRule, written
from accounts.conditions.rules.tree import EVERYBODY, Node
from accounts.conditions.rules.vocabulary import Vocabulary
from accounts.conditions.rules.words import in_words
from accounts.segments.models import Segment
from accounts.sources.freshness import stale_kinds
from accounts.sources.rules import Kind
from rewards.campaigns.knowing import object_names
from rewards.campaigns.models import Campaign
from rewards.campaigns.rules.parameters import Names
from rewards.campaigns.rules.statuses import RUNNING, CampaignStatus
from rewards.campaigns.rules.terms import audience_of, condition_of, needs_of, trigger_in_words
from rewards.campaigns.rules.trigger import Condition, TriggerKind

log = logging.getLogger(__name__)

# A pilot is small by nature, also where nobody set a limit.
PILOT_ACCOUNTS = 30


@dataclass(frozen=True)
class LiveCampaign:
    """A running campaign; `condition` is None for dated facts, `audience` None for everybody."""

    campaign: Campaign
    condition: Predicate | None
    audience: Predicate | None
    cause: str
    told: Mapping[str, Any]

    @property
    def pk(self) -> int:
        return self.campaign.pk

    @property
    def kind(self) -> TriggerKind:
        return TriggerKind(self.campaign.trigger_kind)

    @property
    def most_accounts(self) -> int | None:
        """How many accounts it may make offers to at all."""
        limit = self.campaign.most_accounts
        return limit or PILOT_ACCOUNTS if self.campaign.status == CampaignStatus.PILOT else limit


def live_campaigns(*, now: datetime) -> list[LiveCampaign]:
    """The campaigns that may propose now, by id: running, and with fresh sources for all that they stand on.

    A rule that can no longer be read (its segment is gone) stops its campaign alone, and the log says so.
    """
    words, names, stale = vocabulary(), object_names(), stale_kinds(now=now)
    rows = Campaign.objects.filter(status__in=[s.value for s in RUNNING], live_since__isnull=False).order_by("pk")
    return [found for campaign in rows if (found := _read(campaign, words, names, stale))]


def needs(campaign: Campaign, words: Vocabulary) -> frozenset[Kind]:
    """The kinds of data that a campaign stands on; of a segment, those that its own rule speaks of. Raises BadRule."""
    asked = needs_of(campaign.trigger, audience_of(campaign.audience, words), words)
    if campaign.trigger_kind == TriggerKind.SEGMENT:
        segment = Segment.objects.filter(key=campaign.trigger_parameters.get("segment")).first()
        if segment is not None:
            asked |= needs_of(campaign.trigger, audience_of(segment.rule, words), words)
    return asked


def _read(campaign: Campaign, words: Vocabulary, names: Names, stale: frozenset[Kind]) -> LiveCampaign | None:
    try:
        if needs(campaign, words) & stale:
            return None
        audience = audience_of(campaign.audience, words)
    except BadRule as unreadable:
        log.error("The campaign %s proposes nothing: its audience cannot be read. %s", campaign.key, unreadable)
        return None
    node = condition_of(campaign.trigger)
    return LiveCampaign(
        campaign=campaign,
        condition=predicate(node, words, f"t{campaign.pk}_") if node is not None else None,
        audience=None if audience == EVERYBODY else predicate(audience, words, f"a{campaign.pk}_"),
        cause=campaign.kind.cause if isinstance(campaign.kind, Condition) else "",
        told=_told(campaign, node, audience, words, names),
    )


def _told(campaign: Campaign, node: Node | None, audience: Node, words: Vocabulary, names: Names) -> dict[str, Any]:
    """What the evidence of its offers says of the campaign: made once, whatever the number of offers."""
    told: dict[str, Any] = {
        "campaign": campaign.name,
        "version": campaign.version,
        "kind": campaign.trigger_kind,
        "trigger": trigger_in_words(campaign.trigger, names),
        "currency": settings.REPORTING_CURRENCY,
        "recipient": campaign.recipient,
    }
    if node is not None:
        told["rule"] = written(node)
    if audience != EVERYBODY:
        told |= {"audience": in_words(audience, words, settings.REPORTING_CURRENCY), "audience_rule": campaign.audience}
    return told
