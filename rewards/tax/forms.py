"""What Finance types about thresholds, and about a person."""

from typing import Any

from django import forms

from loyalty.core.changes.forms import ProposalForm, ReasonField
from loyalty.core.errors import DomainError
from rewards.tax.rules import RECIPIENT_CHOICES, Recipient, clean_values, read_lines, values_of
from rewards.tax.verbs import Known


class ThresholdsForm(ProposalForm):
    """All thresholds, one a line; they are always in force, so a reason is asked for."""

    lines = forms.CharField(
        label="Thresholds",
        max_length=5000,
        widget=forms.Textarea(attrs={"rows": 6, "spellcheck": "false"}),
        help_text="One a line: country, first year, amount, currency. US 2026 2000.00 USD",
    )
    reason = ReasonField(help_text="")

    def clean_lines(self) -> dict[str, Any]:
        try:
            return clean_values(values_of(read_lines(self.cleaned_data["lines"])))
        except DomainError as wrong:
            raise forms.ValidationError(str(wrong)) from wrong


class ProfileForm(forms.Form):
    """What is known of one person. The form itself, and the number on it, are kept elsewhere."""

    recipient = forms.ChoiceField(choices=RECIPIENT_CHOICES, label="Who receives it")
    country = forms.CharField(max_length=2, required=False, help_text="Two letters; left empty, that of the account.")
    form_filed_on = forms.DateField(
        required=False,
        label="Tax form on file since",
        widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"),
    )
    has_tax_number = forms.BooleanField(required=False, label="The form tells their tax number")

    @property
    def known(self) -> Known:
        """What was said; of a valid form."""
        data = self.cleaned_data
        return Known(
            Recipient(data["recipient"]), data["country"].upper(), data["form_filed_on"], data["has_tax_number"]
        )
