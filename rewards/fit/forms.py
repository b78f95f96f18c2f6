"""What a person types to make or edit a rule of the matrix. Forms only validate."""

from decimal import Decimal
from typing import Any

from django import forms

from loyalty.core.changes.forms import BESIDE, ProposalForm, ReasonField
from rewards.catalogue.rules import KINDS
from rewards.fit.rules import Contract, Verdict

KIND_CHOICES = [(key, kind.label) for key, kind in KINDS.items()]


def _percent(label: str, help_text: str) -> forms.DecimalField:
    widget = forms.TextInput(attrs={"inputmode": "decimal", "autocomplete": "off"})
    return forms.DecimalField(
        label=label,
        required=False,
        help_text=help_text,
        widget=widget,
        min_value=Decimal("0.01"),
        max_value=Decimal(100),
        decimal_places=2,
    )


class FitRuleForm(ProposalForm):
    """The terms of a rule; which fields there are depends on its verdict."""

    kinds = forms.MultipleChoiceField(
        label="Rewards", choices=KIND_CHOICES, required=False, widget=forms.CheckboxSelectMultiple
    )
    by_hand = forms.BooleanField(label="Also all that people hand over", required=False)
    percent_from = _percent("From", "Of a year’s worth of the contract. Empty: any value.")
    percent_to = _percent("To", "The upper end counts too.")
    above_percent = _percent("Only above", "Of a year’s worth of the contract. Empty: never.")
    before_status = forms.BooleanField(label="Only until a status reward was offered", required=False)
    is_active = forms.BooleanField(label="In force", required=False)
    reason = ReasonField(required=False)

    def __init__(self, verdict: Verdict, *args: Any, needs_reason: bool, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        foreign = (
            ("by_hand", "above_percent", "before_status") if verdict is Verdict.FITS else ("percent_from", "percent_to")
        )
        for name in foreign:
            del self.fields[name]
        self.fields["reason"].required = needs_reason

    @property
    def values(self) -> dict[str, Any]:
        """The edited fields as the change request keeps them: per cents as text."""
        data = {k: v for k, v in self.cleaned_data.items() if k not in BESIDE}
        return {k: f"{v:.2f}" if isinstance(v, Decimal) else v for k, v in data.items()}


class NewFitRuleForm(forms.Form):
    """A rule that is not in force yet."""

    contract = forms.ChoiceField(label="Contract", choices=[(c.value, c.label) for c in Contract])
    verdict = forms.ChoiceField(
        label="It says that these",
        choices=[(Verdict.FITS.value, "fit"), (Verdict.UNFIT.value, "do not fit")],
        widget=forms.RadioSelect,
    )
    kinds = forms.MultipleChoiceField(label="Rewards", choices=KIND_CHOICES, widget=forms.CheckboxSelectMultiple)
