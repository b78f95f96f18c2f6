"""What making and editing a segment asks for."""

from typing import Any

from django import forms

from accounts.conditions.forms import RuleField, RuleForm
from accounts.facts.scores.rules import MONETARY_LABELS
from accounts.segments.rules import LOWEST_PRIORITY, NOT_FOR_SEGMENTS, SegmentStatus
from loyalty.core.changes.forms import BESIDE, ProposalForm, ReasonField


class NewSegmentForm(RuleForm):
    """A draft."""

    name = forms.CharField(max_length=120, label="Name")
    goal = forms.CharField(
        max_length=200, required=False, label="What it is for", help_text="What should come of these accounts."
    )
    reward = forms.CharField(
        max_length=200, required=False, label="Suggested reward", help_text="What suits them, in words."
    )
    priority = forms.IntegerField(
        min_value=1,
        max_value=LOWEST_PRIORITY,
        initial=50,
        label="Priority",
        help_text="1 is the first, and primary.",
    )
    rule = RuleField(label="Rule", without=NOT_FOR_SEGMENTS)


class SegmentForm(NewSegmentForm, ProposalForm):
    """An edit."""

    status = forms.ChoiceField(choices=[], label="Status")
    reason = ReasonField(required=False)

    def __init__(self, *args: Any, was_live: bool, needs_reason: bool, before: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        statuses = [s for s in SegmentStatus if not (was_live and s is SegmentStatus.DRAFT)]
        choices = [(s.value, s.value.capitalize()) for s in statuses]
        self.fields["status"] = forms.ChoiceField(choices=choices, label="Status")
        self.fields["reason"].required = needs_reason
        self.rule_field("rule").before = before

    @property
    def values(self) -> dict[str, Any]:
        """The edited fields, as the change request keeps them."""
        return {k: v for k, v in self.cleaned_data.items() if k not in BESIDE}


class MonetaryForm(ProposalForm):
    """What the monetary score ranks by."""

    monetary = forms.ChoiceField(
        label="Monetary score by", choices=[(m.value, label) for m, label in MONETARY_LABELS.items()]
    )
    reason = ReasonField()
