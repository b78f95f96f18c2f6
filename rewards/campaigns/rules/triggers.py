"""All triggers, in the order in which they are told."""

from rewards.campaigns.rules.contract import CONTRACT
from rewards.campaigns.rules.dated import DATED
from rewards.campaigns.rules.standing import STANDING
from rewards.campaigns.rules.trigger import Trigger, TriggerKind

_known: dict[TriggerKind, Trigger] = {trigger.kind: trigger for trigger in (*DATED, *CONTRACT, *STANDING)}

TRIGGERS: dict[TriggerKind, Trigger] = {kind: _known[kind] for kind in TriggerKind}
