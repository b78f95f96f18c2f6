"""What a person types to make or edit a rule of approval. Forms only validate."""

from decimal import Decimal
from typing import Any

from django import forms

from accounts.records.rules import PlanSegment
from loyalty.core.changes.forms import BESIDE, ProposalForm, ReasonField
from loyalty.core.people.rules import FUNCTION_CHOICES
from rewards.caps.forms import AmountField
from rewards.catalogue.rules import KINDS

ORDER = [("yes", "After those before it"), ("no", "In any order")]


class NewApprovalRuleForm(forms.Form):
    """A rule that is not in force yet."""

    function = forms.ChoiceField(label="Who approves", choices=FUNCTION_CHOICES, widget=forms.RadioSelect)
    name = forms.CharField(label="Name", max_length=120)
    above_value = AmountField(
        label="Money value above",
        required=False,
        min_value=Decimal(0),
        max_digits=11,
        decimal_places=2,
        widget=forms.TextInput(attrs={"inputmode": "decimal", "autocomplete": "off"}),
        help_text="Discount-equivalent, in the reporting currency. Exactly this is still within. Empty: any value.",
    )
    soft_cap_exceeded = forms.BooleanField(label="Only when a soft cap would be exceeded", required=False)
    limited_supply = forms.BooleanField(label="Only features of limited supply", required=False)
    first_use = forms.BooleanField(label="Only until something of the campaign was granted", required=False)
    plan_segments = forms.MultipleChoiceField(
        label="Only these plan segments",
        required=False,
        choices=[(s.value, s.value.replace("_", "-").capitalize()) for s in PlanSegment],
        widget=forms.CheckboxSelectMultiple,
    )
    kinds = forms.MultipleChoiceField(
        label="Only these rewards",
        required=False,
        choices=[(key, kind.label) for key, kind in KINDS.items()],
        widget=forms.CheckboxSelectMultiple,
    )
    in_sequence = forms.ChoiceField(label="It decides", choices=ORDER, widget=forms.RadioSelect, initial="yes")

    @property
    def values(self) -> dict[str, Any]:
        """The edited fields as the change request keeps them: money as text."""
        data = {k: v for k, v in self.cleaned_data.items() if k not in (*BESIDE, "function")}
        above = data["above_value"]
        return data | {
            "above_value": None if above is None else f"{above:.2f}",
            "in_sequence": data["in_sequence"] == "yes",
        }


class ApprovalRuleForm(NewApprovalRuleForm, ProposalForm):
    """An edit of a rule; the function that it calls on stays."""

    function = None  # type: ignore[assignment]
    is_active = forms.BooleanField(label="In force", required=False)
    reason = ReasonField(required=False)

    def __init__(self, *args: Any, needs_reason: bool, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["reason"].required = needs_reason
