"""What a person types to edit the scheme of tiers. Forms only validate."""

from collections.abc import Mapping
from typing import Any

from django import forms
from django.utils.text import slugify

from accounts.tiers.rules import LONGEST_GRACE, MOST_TIERS, Metric, Policy
from loyalty.core.changes.forms import ProposalForm, ReasonField


class SchemeForm(ProposalForm):
    """The scheme, one line a tier; a line without a name is no tier. `change` and `digest` as everywhere."""

    metric = forms.ChoiceField(
        label="Measured by", choices=[(m.value, m.label[0].upper() + m.label[1:]) for m in Metric]
    )
    policy = forms.ChoiceField(
        label="An account that no longer earns its tier falls",
        choices=[(Policy.GRACE.value, "After the grace period"), (Policy.RENEWAL.value, "At its renewal")],
        widget=forms.RadioSelect,
    )
    grace_days = forms.IntegerField(
        label="Grace period",
        min_value=1,
        max_value=LONGEST_GRACE,
        help_text="How long a tier is kept that is not earned.",
    )
    reason = ReasonField()

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for n in range(MOST_TIERS):
            self.fields[f"key_{n}"] = forms.CharField(required=False, max_length=60, widget=forms.HiddenInput)
            self.fields[f"name_{n}"] = forms.CharField(label=f"Tier {n + 1}", required=False, max_length=60)
            self.fields[f"minimum_{n}"] = forms.CharField(
                label="From",
                required=False,
                max_length=20,
                widget=forms.TextInput(attrs={"inputmode": "decimal", "autocomplete": "off"}),
            )

    @property
    def lines(self) -> list[tuple[forms.BoundField, forms.BoundField, forms.BoundField]]:
        """The lines to show: those with something in them, and two more."""
        lines = [(self[f"key_{n}"], self[f"name_{n}"], self[f"minimum_{n}"]) for n in range(MOST_TIERS)]
        filled = sum(1 for _, name, minimum in lines if name.value() or minimum.value())
        return lines[: min(filled + 2, MOST_TIERS)]

    def clean(self) -> dict[str, Any]:
        data = super().clean() or {}
        for n in range(MOST_TIERS):
            name, minimum = data.get(f"name_{n}"), data.get(f"minimum_{n}")
            if minimum and not name:
                self.add_error(f"name_{n}", "Give the tier a name, or empty where it begins.")
            if name and not minimum:
                self.add_error(f"minimum_{n}", "Say where it begins.")
        return data

    @property
    def values(self) -> dict[str, Any]:
        """The scheme as the change request keeps it; a new tier gets its key from its name."""
        data = self.cleaned_data
        tiers = [
            {
                "key": data[f"key_{n}"] or slugify(data[f"name_{n}"])[:60],
                "name": data[f"name_{n}"],
                "minimum": data[f"minimum_{n}"],
            }
            for n in range(MOST_TIERS)
            if data[f"name_{n}"]
        ]
        return {"metric": data["metric"], "policy": data["policy"], "grace_days": data["grace_days"], "tiers": tiers}


def initial_of(values: Mapping[str, Any]) -> dict[str, Any]:
    """The fields of the form for the values of a scheme."""
    initial = {name: values[name] for name in ("metric", "policy", "grace_days")}
    for n, tier in enumerate(values["tiers"]):
        initial |= {f"{name}_{n}": tier[name] for name in ("key", "name", "minimum")}
    return initial
