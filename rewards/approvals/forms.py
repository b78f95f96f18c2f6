"""What a decision on an offer needs beyond any decision: for which function it is made."""

from typing import Any

from django import forms

from loyalty.core.changes.forms import DecisionForm
from loyalty.core.people.rules import FUNCTION_CHOICES


class HandingForm(forms.Form):
    """What the customer did; a decline needs its reason."""

    action = forms.ChoiceField(choices=[("deliver", "Delivered"), ("accept", "Accepted"), ("decline", "Declined")])
    note = forms.CharField(
        max_length=2000,
        required=False,
        label="Note",
        widget=forms.Textarea(attrs={"rows": 2}),
        help_text="Kept in the audit. A decline needs a reason.",
    )

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        if cleaned.get("action") == "decline" and not str(cleaned.get("note") or "").strip():
            self.add_error("note", "Say why they declined: the next step of the ladder is better for it.")
        return cleaned


class OfferDecisionForm(DecisionForm):
    """One function's decision on an offer."""

    say_why = "Say why, so that the campaign's owner can learn from it."

    function = forms.ChoiceField(choices=FUNCTION_CHOICES)
