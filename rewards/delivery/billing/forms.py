"""What Finance types to connect Stripe. Forms only validate."""

from django import forms

from loyalty.core.errors import DomainError
from rewards.delivery.billing.rules import LONGEST_KEY, is_live


class KeyForm(forms.Form):
    """A key of Stripe; what was typed is never sent back to the page."""

    key = forms.CharField(
        label="Secret or restricted key",
        max_length=LONGEST_KEY,
        widget=forms.PasswordInput(attrs={"autocomplete": "off", "spellcheck": "false"}),
        help_text=(
            "A restricted key with write access to customers is enough; it begins with rk_. It is tried before it is"
            " kept, kept encrypted, and never shown again."
        ),
    )

    def clean_key(self) -> str:
        """The key without the spaces around it, or what is wrong with it."""
        key = str(self.cleaned_data["key"]).strip()
        try:
            is_live(key)
        except DomainError as wrong:
            raise forms.ValidationError(str(wrong)) from wrong
        return key
