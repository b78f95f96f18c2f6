"""What a person types to set a cap or to change one. Forms only validate."""

import re
from decimal import Decimal
from typing import Any

from django import forms

from loyalty.core.changes.forms import ProposalForm
from loyalty.core.errors import DomainError
from rewards.caps.rules import ONLY_ACCOUNTS, WHOLE, CapMeasure, CapPeriodKind, CapScope
from rewards.caps.scopes import account_key, choices_of, why_no_occurrences
from rewards.caps.setting import NewCap

GROUPED = re.compile(r"\$?(\d{1,3}(,\d{3})+|\d+)(\.\d+)?")
AT_THE_CAP = [("refuse", "Refuse: no offer above the limit is proposed"), ("ask", "Ask Finance: it decides each one")]
HELPS = {
    CapScope.TIER: "An offer counts by the tier that its account has on the day of the offer.",
    CapScope.SEGMENT: "An offer counts by the primary segment of its account on the day of the offer.",
}
TERMS = (
    "A contract’s term begins at its start or last renewal and ends at its next renewal; of several the largest counts."
    " While the account has no contract, the calendar year stands for it."
)
MEASURES = [
    (CapMeasure.VALUE.value, "Value: discount-equivalent, in the reporting currency"),
    (CapMeasure.OCCURRENCES.value, "Occurrences: how often our people deliver it, whatever it is worth"),
]
PERIODS = [
    (CapPeriodKind.MONTH.value, "Each calendar month"),
    (CapPeriodKind.QUARTER.value, "Each calendar quarter"),
    (CapPeriodKind.YEAR.value, "Each calendar year"),
    (CapPeriodKind.CONTRACT_TERM.value, "Each term of the contract"),
    (CapPeriodKind.TOTAL.value, "In total, without end"),
]


class AmountField(forms.DecimalField):
    """Money as people type it: 5000, 5,000.00 or $5,000. A comma groups thousands and is nothing else."""

    def to_python(self, value: Any) -> Any:
        text = str(value).strip() if value is not None else ""
        return super().to_python(text.lstrip("$").replace(",", "") if GROUPED.fullmatch(text) else value)


def _limit(help_text: str) -> forms.DecimalField:
    return AmountField(
        label="Limit",
        min_value=Decimal(0),
        max_digits=14,
        decimal_places=2,
        widget=forms.TextInput(attrs={"inputmode": "decimal", "autocomplete": "off"}),
        help_text=help_text,
    )


STOPS = "Zero stops all offers that it binds."
LIMITED_BY = {
    CapMeasure.VALUE: f"Discount-equivalent value in the reporting currency. {STOPS}",
    CapMeasure.OCCURRENCES: f"A whole number of occurrences. {STOPS}",
}


def _check_whole(measure: CapMeasure, limit: Decimal | None) -> None:
    if measure is CapMeasure.OCCURRENCES and limit is not None and limit != limit.to_integral_value():
        raise forms.ValidationError({"limit": WHOLE})


class NewCapForm(forms.Form):
    """A cap on one scope; `scope_key` is chosen from a list, or typed when the scope is an account."""

    name = forms.CharField(label="Name", max_length=120, help_text="As people will read it in a refusal.")
    scope_key = forms.CharField(label="Which one", required=False)
    period = forms.ChoiceField(label="Period", choices=PERIODS)
    measure = forms.ChoiceField(label="What it counts", choices=MEASURES, widget=forms.RadioSelect)
    limit = _limit(f"An amount in the reporting currency, or a whole number of occurrences. {STOPS}")
    at_the_cap = forms.ChoiceField(label="At the cap", choices=AT_THE_CAP, widget=forms.RadioSelect, initial="refuse")

    def __init__(self, scope: CapScope, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.scope = scope
        if scope is CapScope.ACCOUNT:
            self.fields["period"].help_text = TERMS
        else:
            offered = [choice for choice in PERIODS if choice[0] != CapPeriodKind.CONTRACT_TERM]
            self.fields["period"] = forms.ChoiceField(label="Period", choices=offered, help_text=ONLY_ACCOUNTS)
        if scope is CapScope.PROGRAMME:
            del self.fields["scope_key"]
        elif scope is CapScope.ACCOUNT:
            self.fields["scope_key"] = forms.CharField(
                label="Which account", max_length=300, help_text="Its id in the CRM, or its exact name."
            )
        else:
            label = f"Which {scope.label}"
            self.fields["scope_key"] = forms.ChoiceField(
                label=label, choices=choices_of(scope), help_text=HELPS.get(scope, "")
            )

    def clean_scope_key(self) -> str:
        """The key that the cap keeps; an account is looked up."""
        typed = str(self.cleaned_data["scope_key"])
        if self.scope is not CapScope.ACCOUNT:
            return typed
        try:
            return account_key(typed)
        except DomainError as refusal:
            raise forms.ValidationError(str(refusal)) from refusal

    def clean(self) -> dict[str, Any]:
        """Occurrences are whole, and limit only what people deliver."""
        data = super().clean() or {}
        if data.get("measure") == CapMeasure.OCCURRENCES:
            _check_whole(CapMeasure.OCCURRENCES, data.get("limit"))
            if why_not := why_no_occurrences(self.scope, data.get("scope_key", "")):
                raise forms.ValidationError({"measure": why_not})
        return data

    def terms(self) -> NewCap:
        """The terms of the valid form."""
        data = self.cleaned_data
        return NewCap(
            name=data["name"],
            scope=self.scope,
            scope_key=data.get("scope_key", ""),
            period=CapPeriodKind(data["period"]),
            limit=data["limit"],
            is_hard=data["at_the_cap"] == "refuse",
            measure=CapMeasure(data["measure"]),
        )


class CapChangeForm(ProposalForm):
    """What may change about a cap, with the reason why."""

    name = forms.CharField(label="Name", max_length=120)
    limit = _limit(LIMITED_BY[CapMeasure.VALUE])
    at_the_cap = forms.ChoiceField(label="At the cap", choices=AT_THE_CAP, widget=forms.RadioSelect)
    state = forms.ChoiceField(label="State", choices=[("on", "In force"), ("off", "Withdrawn")])
    reason = forms.CharField(label="Reason", max_length=500, widget=forms.Textarea(attrs={"rows": 3}))

    def __init__(self, measure: CapMeasure, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.measure = measure
        self.fields["limit"].help_text = LIMITED_BY[measure]

    def clean(self) -> dict[str, Any]:
        """Occurrences are whole."""
        data = super().clean() or {}
        _check_whole(self.measure, data.get("limit"))
        return data

    def values(self) -> dict[str, Any]:
        """The proposed values as a change request carries them."""
        data = self.cleaned_data
        return {
            "name": data["name"],
            "limit": f"{data['limit']:.2f}",
            "is_hard": data["at_the_cap"] == "refuse",
            "is_active": data["state"] == "on",
        }
