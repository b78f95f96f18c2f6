"""What a person types about rates. Forms only validate."""

from typing import Any

from django import forms
from django.conf import settings

from loyalty.core.changes.forms import ProposalForm, ReasonField
from loyalty.core.errors import DomainError
from rewards.rates.rules import Rate, per_unit_of, unit_of

MOST_BYTES = 1_000_000


def _rate(label: str) -> forms.CharField:
    return forms.CharField(
        label=label, max_length=30, widget=forms.TextInput(attrs={"inputmode": "decimal", "autocomplete": "off"})
    )


class _WithRate(forms.Form):
    def clean_per_unit(self) -> str:
        """The rate as it was written, once it can be read."""
        try:
            per_unit_of(self.cleaned_data["per_unit"])
        except DomainError as wrong:
            raise forms.ValidationError(str(wrong)) from wrong
        return str(self.cleaned_data["per_unit"]).strip()


class RateForm(_WithRate):
    """One rate of a currency, as a source tells it."""

    unit = forms.CharField(label="Currency", max_length=3, help_text="Its three letters, such as EUR.")
    effective_on = forms.DateField(label="From", widget=forms.DateInput(attrs={"type": "date"}))
    per_unit = _rate("One unit is worth")
    source = forms.CharField(label="Source", max_length=120, help_text="Whose rate it is, such as ECB reference rate.")

    def clean_unit(self) -> str:
        """The code in capitals."""
        try:
            return unit_of(self.cleaned_data["unit"], settings.REPORTING_CURRENCY)
        except DomainError as wrong:
            raise forms.ValidationError(str(wrong)) from wrong

    @property
    def rate(self) -> Rate:
        """The rate of the valid form."""
        data = self.cleaned_data
        return Rate(data["unit"], data["effective_on"], per_unit_of(data["per_unit"]), data["source"])


class FileForm(forms.Form):
    """Many rates at once."""

    file = forms.FileField(
        label="CSV file",
        help_text="Columns unit, effective_on, per_unit and, if you like, source. At most 1 MB, in UTF-8.",
        widget=forms.ClearableFileInput(attrs={"accept": ".csv,text/csv"}),
    )

    def clean_file(self) -> str:
        """Its text."""
        sent = self.cleaned_data["file"]
        if sent.size > MOST_BYTES:
            raise forms.ValidationError("The file is larger than 1 MB.")
        try:
            return str(sent.read().decode("utf-8-sig"))
        except UnicodeDecodeError as wrong:
            raise forms.ValidationError("The file is not in UTF-8.") from wrong


class PointsForm(_WithRate, ProposalForm):
    """What a point is worth from a day on."""

    per_unit = _rate("One point is worth")
    effective_on = forms.DateField(label="From", widget=forms.DateInput(attrs={"type": "date"}))
    reason = ReasonField(help_text="")

    @property
    def values(self) -> dict[str, Any]:
        """The edited fields as the change request keeps them."""
        data = self.cleaned_data
        return {"per_unit": data["per_unit"], "effective_on": data["effective_on"].isoformat()}
