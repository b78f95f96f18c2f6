"""What people type about contacts."""

from django import forms

from accounts.privacy.rules import POLICY_VERSION
from accounts.records.rules import ContactRole, choices


class RoleForm(forms.Form):
    """Which role a contact has at their account."""

    role = forms.ChoiceField(choices=choices(ContactRole))


class ErasureForm(forms.Form):
    """That one means it."""

    sure = forms.BooleanField(label="I understand that this cannot be undone")


class ConsentForm(forms.Form):
    """What a contact told us about consent."""

    granted = forms.ChoiceField(
        label="The contact",
        choices=[("yes", "consents"), ("no", "withdraws consent")],
        help_text="Only what they told you themselves.",
    )
    policy_version = forms.RegexField(
        POLICY_VERSION,
        max_length=40,
        strip=True,
        label="Version of the privacy policy",
        help_text="The one that they were shown, such as 2026-03.",
        error_messages={"invalid": "Use letters, digits, dots and hyphens, such as 2026-03."},
    )
