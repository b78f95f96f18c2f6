"""What an administrator types to make a source."""

from datetime import timedelta
from typing import Any

from django import forms

from accounts.sources.rules import KIND_CHOICES, Kind


class SourceForm(forms.Form):
    """A new source: its name, the kinds of data it sends, how often it is expected to send."""

    name = forms.CharField(max_length=100, help_text="What people call the system: Product, Billing, Helpdesk.")
    kinds = forms.MultipleChoiceField(
        choices=KIND_CHOICES,
        widget=forms.CheckboxSelectMultiple,
        label="Kinds of data",
        help_text="It becomes the system of record of those that have none yet.",
    )
    expected_hours = forms.IntegerField(
        min_value=1,
        max_value=24 * 90,
        initial=24,
        label="Expected at least every",
        help_text="Silent for longer, it is shown as stale.",
    )

    def clean_name(self) -> str:
        name: str = self.cleaned_data["name"]
        if "\0" in name or not name.strip():
            raise forms.ValidationError("Give the source a name.")
        return name.strip()

    def asked(self) -> dict[str, Any]:
        """The arguments of `create_source`."""
        return {
            "name": self.cleaned_data["name"],
            "kinds": [Kind(value) for value in self.cleaned_data["kinds"]],
            "expected_every": timedelta(hours=self.cleaned_data["expected_hours"]),
        }
