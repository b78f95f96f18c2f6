"""What an administrator types to make an endpoint, and to stop it."""

from django import forms

from rewards.delivery.outgoing.endpoints import Wanted
from rewards.delivery.outgoing.rules import EVENT_CHOICES, EventType


class EndpointForm(forms.Form):
    """Name, address, and the types of event that it is told of."""

    name = forms.CharField(max_length=100, help_text="What people call the system: Product, CRM, Data warehouse.")
    url = forms.CharField(
        max_length=500,
        label="Address",
        widget=forms.TextInput(attrs={"autocomplete": "off", "spellcheck": "false", "inputmode": "url"}),
        help_text="It must begin with https:// and lead to the open internet.",
    )
    types = forms.MultipleChoiceField(
        choices=EVENT_CHOICES,
        widget=forms.CheckboxSelectMultiple,
        label="Told of",
        initial=[e.value for e in EventType],
    )

    @property
    def wanted(self) -> Wanted:
        """What was asked for; of a valid form."""
        given = self.cleaned_data
        return Wanted(given["name"], given["url"], [EventType(value) for value in given["types"]])


class PauseForm(forms.Form):
    """Why an endpoint is paused."""

    reason = forms.CharField(max_length=300, label="Reason")
