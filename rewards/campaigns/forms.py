"""What a person types to make or edit a campaign: its trigger's parameters, its audience, its ladder and its limits."""

from collections.abc import Mapping
from typing import Any

from django import forms

from accounts.conditions.forms import RuleField, RuleForm
from accounts.conditions.rules.reading import Fault
from loyalty.core.changes.forms import ProposalForm, ReasonField
from rewards.campaigns.rules.ladder import LONGEST_WAIT, LadderStep
from rewards.campaigns.rules.parameters import Parameter, Shape
from rewards.campaigns.rules.terms import LEVELS, LONGEST_COOLDOWN, MOST_HELD_OUT, RECIPIENTS, SHORTEST_COOLDOWN, Known
from rewards.campaigns.rules.trigger import Trigger

LADDER_LINES = 6
SPARE_LINES = 2
JUDGED = [(value, label.capitalize()) for value, label in LEVELS.items()]


def _whole(label: str, least: int, most: int, help_text: str = "", *, required: bool = True) -> forms.IntegerField:
    return forms.IntegerField(label=label, min_value=least, max_value=most, required=required, help_text=help_text)


class CampaignForm(RuleForm, ProposalForm):
    """All terms of a campaign: trigger parameters are `t_<name>`, a step is `reward_<n>`, `wait_<n>`, `answer_<n>`."""

    name = forms.CharField(label="Name", max_length=120)
    goal = forms.CharField(label="Goal", max_length=200, help_text="What it should bring, in a line.")
    audience = RuleField(label="Audience", required=False, help_text="Without conditions: every account.")
    recipient = forms.ChoiceField(
        label="Recipient", choices=[(value, label.capitalize()) for value, label in RECIPIENTS.items()]
    )
    cooldown_days = _whole(
        "Quiet days after it fired",
        SHORTEST_COOLDOWN,
        LONGEST_COOLDOWN,
        "It does not fire again for the account before.",
    )
    most_accounts = _whole("At most so many accounts", 1, 1_000_000, "Empty: no limit.", required=False)
    holdout_percent = _whole(
        "Held out", 0, MOST_HELD_OUT, "By lot these get nothing, so that it can be measured what the rest is worth."
    )
    data_needed = forms.CharField(label="Data needed", max_length=300, required=False)
    short_term_cost = forms.ChoiceField(label="Short-term cost", choices=JUDGED, required=False)
    expected_ltv_gain = forms.ChoiceField(label="Expected LTV gain", choices=JUDGED, required=False)
    complexity = forms.ChoiceField(label="Complexity", choices=JUDGED, required=False)
    reason = ReasonField(required=False, help_text="Whoever decides reads it first. A discount always needs one.")

    def __init__(self, trigger: Trigger, known: Known, *args: Any, needs_reason: bool, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.trigger, self.fields["reason"].required = trigger, needs_reason
        for parameter in trigger.parameters:
            self.fields[f"t_{parameter.name}"] = _field_of(parameter, known)
        rewards = sorted(known.reward_names.items(), key=lambda item: item[1])
        for n in range(LADDER_LINES):
            self.fields[f"reward_{n}"] = forms.ChoiceField(
                label=f"Step {n + 1}", choices=[("", "—"), *rewards], required=False
            )
            self.fields[f"wait_{n}"] = _whole("Opens after", 0, LONGEST_WAIT, required=False)
            self.fields[f"answer_{n}"] = _whole("Answered within", 1, LONGEST_WAIT, required=False)

    @property
    def parameter_fields(self) -> list[tuple[forms.BoundField, str]]:
        """The fields of the trigger's parameters, each with its unit."""
        return [(self[f"t_{parameter.name}"], parameter.unit) for parameter in self.trigger.parameters]

    @property
    def ladder_lines(self) -> list[tuple[forms.BoundField, forms.BoundField, forms.BoundField]]:
        """The steps to show: those that are filled, and some more."""
        lines = [(self[f"reward_{n}"], self[f"wait_{n}"], self[f"answer_{n}"]) for n in range(LADDER_LINES)]
        filled = sum(1 for reward, _, _ in lines if reward.value())
        return lines[: min(filled + SPARE_LINES, LADDER_LINES)]

    @property
    def values(self) -> dict[str, Any]:
        """The terms as the change request keeps them."""
        data = self.cleaned_data
        plain = {
            name: data[name]
            for name in (
                "name", "goal", "audience", "recipient", "cooldown_days", "most_accounts", "holdout_percent",
                "data_needed", "short_term_cost", "expected_ltv_gain", "complexity",
            )
        }  # fmt: skip
        parameters = {p.name: data[f"t_{p.name}"] or None for p in self.trigger.parameters}
        ladder = [
            LadderStep(data[f"reward_{n}"], data[f"wait_{n}"] or 0, data[f"answer_{n}"]).written
            for n in range(LADDER_LINES)
            if data[f"reward_{n}"]
        ]
        return {**plain, "trigger": {"kind": self.trigger.kind.value, **parameters}, "ladder": ladder}

    def take_faults(self, faults: list[Fault]) -> None:
        """Show what is wrong with the terms beside the field where it was typed."""
        filled = [n for n in range(LADDER_LINES) if self.cleaned_data.get(f"reward_{n}")]
        for fault in faults:
            self.add_error(self._field_at(fault.place, filled), fault.says)

    def _field_at(self, place: str, filled: list[int]) -> str | None:
        head, *rest = place.split(".")
        if head == "trigger" and rest:
            name = f"t_{rest[0]}"
        elif head == "ladder" and len(rest) == 2:
            line = filled[int(rest[0])] if int(rest[0]) < len(filled) else 0
            name = f"{rest[1].removesuffix('_days')}_{line}"
        elif head == "ladder":
            name = "reward_0"
        else:
            name = head
        return name if name in self.fields else None


def _field_of(parameter: Parameter, known: Known) -> forms.Field:
    if parameter.shape is Shape.WHOLE:
        return _whole(parameter.label, parameter.least, parameter.most)
    if parameter.shape is Shape.CHOICE:
        return forms.ChoiceField(label=parameter.label, choices=parameter.choices)
    objects = sorted(known.names.get(parameter.of, {}).items(), key=lambda item: item[1])
    empty = [("", "Any")] if parameter.is_optional else []
    return forms.ChoiceField(label=parameter.label, choices=[*empty, *objects], required=not parameter.is_optional)


def initial_of(values: Mapping[str, Any]) -> dict[str, Any]:
    """The fields of the form for the terms of a campaign."""
    initial = {name: value for name, value in values.items() if name not in ("trigger", "ladder", "audience")}
    initial["audience"] = values["audience"] or None
    initial |= {f"t_{name}": value for name, value in values["trigger"].items() if name != "kind"}
    for n, step in enumerate(values["ladder"][:LADDER_LINES]):
        initial |= {f"reward_{n}": step["reward"], f"wait_{n}": step["wait_days"]}
        initial[f"answer_{n}"] = step.get("answer_days")
    return initial


class MoveForm(forms.Form):
    """A step in a campaign's life, with the reason where one is asked for."""

    action = forms.CharField(max_length=20)
    reason = forms.CharField(max_length=2000, required=False)


class ApproveForm(forms.Form):
    """One function's approval of the version that was on the screen."""

    function = forms.CharField(max_length=10)
    version = forms.IntegerField(min_value=1)
    rewards = forms.CharField(max_length=40, required=False)
    note = forms.CharField(max_length=2000, required=False)
