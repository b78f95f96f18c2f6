"""What an administrator types to make a source, and to set what it signs with."""

import base64
import binascii
from datetime import timedelta
from typing import Any

from django import forms

from accounts.sources.rules import KIND_CHOICES, SCHEME_CHOICES, SCHEME_LABELS, Kind, Scheme


class ExpectationForm(forms.Form):
    """How often a source is expected to send."""

    expected_hours = forms.IntegerField(
        min_value=1,
        max_value=24 * 90,
        initial=24,
        label="Expected at least every",
        help_text="Silent for longer, it is shown as stale.",
    )

    def expected_every(self) -> timedelta:
        """How long it may be silent."""
        return timedelta(hours=self.cleaned_data["expected_hours"])


class RecordForm(forms.Form):
    """The kind of data that a source becomes the system of record for."""

    kind = forms.ChoiceField(choices=KIND_CHOICES)

    def asked(self) -> Kind:
        return Kind(self.cleaned_data["kind"])


class SourceForm(ExpectationForm):
    """A new source: its name, the kinds of data it sends, how often it is expected to send."""

    field_order = ("name", "kinds", "expected_hours")

    name = forms.CharField(max_length=100, help_text="What people call the system: Product, Billing, Helpdesk.")
    kinds = forms.MultipleChoiceField(
        choices=KIND_CHOICES,
        widget=forms.CheckboxSelectMultiple,
        label="Kinds of data",
        help_text="It becomes the system of record of those that have none yet.",
    )

    def clean_name(self) -> str:
        name: str = self.cleaned_data["name"]
        if "\0" in name or not name.strip():
            raise forms.ValidationError("Give the source a name.")
        return name.strip()

    def asked(self) -> dict[str, Any]:
        """The arguments of `create_source`."""
        return {
            "name": self.cleaned_data["name"],
            "kinds": [Kind(value) for value in self.cleaned_data["kinds"]],
            "expected_every": self.expected_every(),
        }


class SigningForm(forms.Form):
    """Which scheme a source signs by, and the secret of it; without one, one is made."""

    scheme = forms.ChoiceField(choices=SCHEME_CHOICES, label="Signed by")
    secret = forms.CharField(
        required=False,
        max_length=500,
        label="Signing secret",
        widget=forms.PasswordInput(attrs={"autocomplete": "off"}),
        help_text="As the sending system shows it. Leave it empty for Standard Webhooks, and one is made.",
    )

    def clean(self) -> dict[str, Any]:
        cleaned: dict[str, Any] = super().clean() or {}
        scheme, secret = Scheme(cleaned.get("scheme", Scheme.STANDARD)), cleaned.get("secret", "")
        if not secret and scheme is not Scheme.STANDARD:
            self.add_error("secret", f"{SCHEME_LABELS[scheme]} makes the secret. Copy it from there.")
        elif secret and (not secret.isascii() or not secret.isprintable() or " " in secret):
            self.add_error("secret", "A secret has neither spaces nor letters beyond ASCII. Copy it again.")
        elif scheme is Scheme.STRIPE and not secret.startswith("whsec_"):
            self.add_error("secret", "Stripe’s signing secrets begin with whsec_. This may be an API key.")
        elif secret and scheme is Scheme.STANDARD and not _is_standard(secret):
            self.add_error("secret", "A Standard Webhooks secret is whsec_ and at least 24 bytes in base64.")
        return cleaned

    def asked(self) -> tuple[Scheme, str]:
        """The scheme, and the secret that was given ("" when one is to be made)."""
        return Scheme(self.cleaned_data["scheme"]), self.cleaned_data["secret"]


def _is_standard(secret: str) -> bool:
    if not secret.startswith("whsec_"):
        return False
    try:
        return len(base64.b64decode(secret.removeprefix("whsec_") + "==")) >= 24
    except binascii.Error:
        return False
