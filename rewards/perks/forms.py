"""What a person types to edit the perks of a tier. Forms only validate."""

from decimal import Decimal
from typing import Any

from django import forms

from loyalty.core.changes.forms import ProposalForm, ReasonField
from rewards.catalogue.rules import KINDS, MONEY
from rewards.perks.rules import MOST_PERCENT


class PerksForm(ProposalForm):
    """Perks are always in force, so a reason is asked for."""

    renewal_credit_percent = forms.DecimalField(
        label="Renewal credit",
        min_value=Decimal(0),
        max_value=MOST_PERCENT,
        decimal_places=2,
        help_text="Of the renewal, posted when its invoice is paid. Finance decides it.",
        widget=forms.TextInput(attrs={"inputmode": "decimal", "autocomplete": "off"}),
    )
    kinds = forms.MultipleChoiceField(
        label="Status and services",
        choices=[(key, kind.label) for key, kind in KINDS.items() if kind.nature not in MONEY],
        required=False,
        widget=forms.CheckboxSelectMultiple,
    )
    reason = ReasonField()

    @property
    def values(self) -> dict[str, Any]:
        """The edited fields as the change request keeps them."""
        data = self.cleaned_data
        return {"renewal_credit_percent": f"{data['renewal_credit_percent']:.2f}", "kinds": data["kinds"]}
