"""How a person wants to be told."""

from django import forms

from loyalty.core.notices.choosing import Wanted
from loyalty.core.notices.rules import PACE_CHOICES, Pace

HOURS = [(hour, f"{hour:02d}:00") for hour in range(24)]


class ChoiceForm(forms.Form):
    """Paces by channel; an address of Slack that is left empty stays as it is."""

    email_pace = forms.ChoiceField(choices=PACE_CHOICES, label="By e-mail")
    slack_url = forms.CharField(
        max_length=500,
        required=False,
        label="Address of the Slack webhook",
        widget=forms.TextInput(attrs={"autocomplete": "off", "spellcheck": "false", "inputmode": "url"}),
    )
    slack_pace = forms.ChoiceField(choices=PACE_CHOICES, label="By Slack")
    forget_slack = forms.BooleanField(required=False, label="Forget the address that is stored")
    digest_hour = forms.TypedChoiceField(choices=HOURS, coerce=int, label="Hour of what comes once a day")

    @property
    def wanted(self) -> Wanted:
        """What was chosen; of a valid form."""
        given = self.cleaned_data
        return Wanted(
            email_pace=Pace(given["email_pace"]),
            slack_pace=Pace(given["slack_pace"]),
            digest_hour=given["digest_hour"],
            slack_url=given["slack_url"].strip(),
            forget_slack=given["forget_slack"],
        )
