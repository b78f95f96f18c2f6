"""What a decision on an offer needs beyond any decision: for which function it is made."""

from django import forms

from loyalty.core.changes.forms import DecisionForm
from loyalty.core.people.rules import FUNCTION_CHOICES


class OfferDecisionForm(DecisionForm):
    """One function's decision on an offer."""

    say_why = "Say why, so that the campaign's owner can learn from it."

    function = forms.ChoiceField(choices=FUNCTION_CHOICES)
