"""What the address of an account's page may ask for."""

from django import forms


class DayForm(forms.Form):
    """A past day (UTC); left out, it is the latest day with facts."""

    day = forms.DateField(required=False, label="As of the end of", widget=forms.DateInput(attrs={"type": "date"}))
