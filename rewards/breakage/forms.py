"""What a person types to propose a breakage rate. Forms only validate."""

from decimal import Decimal
from typing import Any

from django import forms

from loyalty.core.changes.forms import ProposalForm, ReasonField
from rewards.breakage.rules.rates import MOST_PERCENT


class RateForm(ProposalForm):
    """An empty rate assumes none."""

    percent = forms.DecimalField(
        label="Breakage rate",
        min_value=Decimal(0),
        max_value=MOST_PERCENT,
        decimal_places=2,
        required=False,
        help_text="Of what is issued, never to be used. Empty: none is assumed.",
        widget=forms.TextInput(attrs={"inputmode": "decimal", "autocomplete": "off"}),
    )
    effective_on = forms.DateField(
        label="From",
        help_text="The month that this day falls in is the first to be worked out with it.",
        widget=forms.DateInput(attrs={"type": "date"}),
    )
    reason = ReasonField(help_text="What the rate rests on. Whoever decides reads it first.")

    @property
    def values(self) -> dict[str, Any]:
        """The edited fields as the change request keeps them."""
        data = self.cleaned_data
        percent = None if data["percent"] is None else f"{data['percent']:.2f}"
        return {"percent": percent, "effective_on": data["effective_on"].isoformat()}
