"""The terms of a campaign: reading an edit with every fault named, and each value in words."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from accounts.conditions.rules.reading import BadRule, Fault, read_rule, written
from accounts.conditions.rules.tree import EVERYBODY, Node, facts_of
from accounts.conditions.rules.vocabulary import Vocabulary
from accounts.conditions.rules.words import in_words
from accounts.sources.rules import KIND_LABELS, Kind
from loyalty.core.errors import DomainError
from loyalty.core.figures import number_text
from rewards.campaigns.rules.ladder import read_ladder
from rewards.campaigns.rules.parameters import Names, read_parameters
from rewards.campaigns.rules.trigger import Condition, TriggerKind
from rewards.campaigns.rules.triggers import TRIGGERS

FIELD_LABELS: Mapping[str, str] = {
    "name": "Name",
    "goal": "Goal",
    "trigger": "Trigger",
    "audience": "Audience",
    "ladder": "Rewards, step by step",
    "recipient": "Recipient",
    "cooldown_days": "Quiet days after it fired",
    "most_accounts": "At most so many accounts",
    "holdout_percent": "Held out",
    "holdout_seed": "Seed of the lot",
    "data_needed": "Data needed",
    "short_term_cost": "Short-term cost",
    "expected_ltv_gain": "Expected LTV gain",
    "complexity": "Complexity",
}
# Late data reaches back seven days: a shorter quiet time could let one cause fire twice.
SHORTEST_COOLDOWN, LONGEST_COOLDOWN = 7, 1095
MOST_HELD_OUT = 50
RECIPIENTS: Mapping[str, str] = {"champion": "the champion", "economic_buyer": "the economic buyer"}
LEVELS: Mapping[str, str] = {"": "not judged", "low": "low", "medium": "medium", "high": "high"}

DEFAULTS: Mapping[str, Any] = {
    "name": "",
    "goal": "",
    "trigger": {},
    "audience": {},
    "ladder": [],
    "recipient": "champion",
    "cooldown_days": 90,
    "most_accounts": None,
    "holdout_percent": 0,
    "holdout_seed": "",
    "data_needed": "",
    "short_term_cost": "",
    "expected_ltv_gain": "",
    "complexity": "",
}


class BadTerms(DomainError):
    """Terms that make no sense; `faults` names each by its place, such as `trigger.days` or `ladder.1.reward`."""

    status = 422

    def __init__(self, faults: list[Fault]) -> None:
        self.faults = faults
        super().__init__(" ".join(fault.says for fault in faults))


@dataclass(frozen=True)
class Known:
    """What terms may speak of now: reward key → kind, the names of objects, and the facts of rules."""

    rewards: Mapping[str, str]
    names: Names
    vocabulary: Vocabulary
    reward_names: Mapping[str, str]


def clean_values(now: Mapping[str, Any], values: Mapping[str, Any], known: Known) -> dict[str, Any]:
    """The whole set of values after an edit, as JSON; raises BadTerms with all that is wrong."""
    merged = {field: values.get(field, now.get(field, DEFAULTS[field])) for field in FIELD_LABELS}
    faults: list[Fault] = []
    trigger = _trigger(merged["trigger"], known.names, faults)
    kind = TriggerKind(trigger["kind"]) if trigger else None
    cleaned = {
        "name": _text(merged["name"], "name", "A campaign needs a name", 120, faults),
        "goal": _text(merged["goal"], "goal", "Say what the campaign is for", 200, faults),
        "trigger": trigger,
        "audience": _audience(merged["audience"], known.vocabulary, faults),
        "ladder": [step.written for step in read_ladder(merged["ladder"], kind, known.rewards, faults)],
        "recipient": _choice(merged["recipient"], "recipient", RECIPIENTS, faults),
        "cooldown_days": _whole(merged["cooldown_days"], "cooldown_days", SHORTEST_COOLDOWN, LONGEST_COOLDOWN, faults),
        "most_accounts": _limit(merged["most_accounts"], faults),
        "holdout_percent": _whole(merged["holdout_percent"], "holdout_percent", 0, MOST_HELD_OUT, faults),
        "holdout_seed": str(merged["holdout_seed"] or "").strip()[:64],
        "data_needed": str(merged["data_needed"] or "").strip()[:300],
        **{
            field: _choice(merged[field] or "", field, LEVELS, faults)
            for field in ("short_term_cost", "expected_ltv_gain", "complexity")
        },
    }
    if faults:
        raise BadTerms(faults)
    return cleaned


def audience_of(raw: Mapping[str, Any], vocabulary: Vocabulary) -> Node:
    """The tree of an audience; an empty one is everybody. Raises BadRule."""
    return read_rule(raw, vocabulary) if raw else EVERYBODY


def condition_of(trigger: Mapping[str, Any]) -> Node | None:
    """The rule of a condition trigger; None for dated facts."""
    known = TRIGGERS[TriggerKind(trigger["kind"])]
    return known.rule(trigger) if isinstance(known, Condition) else None


def needs_of(trigger: Mapping[str, Any], audience: Node, vocabulary: Vocabulary) -> frozenset[Kind]:
    """The kinds of data that a campaign stands on: those of its trigger and those of the facts of its audience."""
    known = TRIGGERS[TriggerKind(trigger["kind"])]
    rule = condition_of(trigger)
    asked = facts_of(audience) + (facts_of(rule) if rule is not None else [])
    return known.needs | {kind for name in asked for kind in vocabulary[name].meaning.kinds}


def value_in_words(field: str, value: Any, known: Known, currency: str) -> str:
    """One value, as the page of a change shows it; money in `currency`."""
    if field == "trigger":
        return trigger_in_words(value, known.names)
    if field == "audience":
        return in_words(audience_of(value, known.vocabulary), known.vocabulary, currency)
    if field == "ladder":
        return ladder_in_words(value, known.reward_names)
    if field == "recipient":
        return RECIPIENTS.get(value, str(value))
    if field == "cooldown_days":
        return f"{value} days"
    if field == "most_accounts":
        return number_text(value) if value else "no limit"
    if field == "holdout_percent":
        return f"{value} %" if value else "nobody"
    if field in ("short_term_cost", "expected_ltv_gain", "complexity"):
        return LEVELS.get(value, str(value))
    return str(value) if value not in (None, "") else "none"


def trigger_in_words(trigger: Mapping[str, Any], names: Names) -> str:
    """The trigger as a sentence without its full stop: "The segment “At-Risk” is entered"."""
    if not trigger:
        return "none"
    said = TRIGGERS[TriggerKind(trigger["kind"])].says(trigger, names)
    return said[0].upper() + said[1:]


def ladder_in_words(ladder: list[Mapping[str, Any]], reward_names: Mapping[str, str]) -> str:
    """The steps in order: "value recap (to be answered within 3 days), then after 1 day pause"."""
    told = []
    for n, step in enumerate(ladder):
        name = reward_names.get(step["reward"], step["reward"])
        within = f" (to be answered within {_days(step['answer_days'])})" if step.get("answer_days") else ""
        told.append(f"then after {_days(step['wait_days'])} {name}{within}" if n else f"{name}{within}")
    return ", ".join(told) or "none"


def _days(count: int) -> str:
    return f"{count} {'day' if count == 1 else 'days'}"


def needs_in_words(kinds: frozenset[Kind]) -> str:
    """The kinds of data in their fixed order."""
    return ", ".join(label for kind, label in KIND_LABELS.items() if kind in kinds)


def _trigger(raw: Any, names: Names, faults: list[Fault]) -> dict[str, Any]:
    kind = raw.get("kind") if isinstance(raw, Mapping) else None
    if kind not in list(TriggerKind):
        faults.append(Fault("trigger.kind", "Choose what sets the campaign off."))
        return {}
    found = TriggerKind(str(kind))
    return {"kind": found.value, **read_parameters(TRIGGERS[found].parameters, raw, names, faults)}


def _audience(raw: Any, vocabulary: Vocabulary, faults: list[Fault]) -> dict[str, Any]:
    if not raw:
        return {}
    try:
        node = read_rule(raw, vocabulary)
    except BadRule as bad:
        faults += [Fault(f"audience.{fault.place}".rstrip("."), fault.says) for fault in bad.faults]
        return {}
    return {} if node == EVERYBODY else written(node)


def _text(raw: Any, place: str, says: str, most: int, faults: list[Fault]) -> str:
    text = str(raw or "").strip()
    if not 1 <= len(text) <= most:
        faults.append(Fault(place, f"{says}, in at most {most} letters."))
    return text


def _choice(raw: Any, place: str, choices: Mapping[str, str], faults: list[Fault]) -> str:
    if raw not in choices:
        faults.append(Fault(place, f"{FIELD_LABELS[place]}: choose one of the values."))
    return str(raw)


def _whole(raw: Any, place: str, least: int, most: int, faults: list[Fault]) -> int:
    if isinstance(raw, str) and raw.strip().isdecimal() and len(raw) < 7:
        raw = int(raw)
    if not isinstance(raw, int) or isinstance(raw, bool) or not least <= raw <= most:
        faults.append(Fault(place, f"{FIELD_LABELS[place]}: a whole number from {least} to {most:,}."))
        return least
    return raw


def _limit(raw: Any, faults: list[Fault]) -> int | None:
    return None if raw in (None, "") else _whole(raw, "most_accounts", 1, 1_000_000, faults)
