"""What inviting, changing and letting go of a person need. Forms only validate."""

from typing import Any

from django import forms

from loyalty.core.people.managing import Standing
from loyalty.core.people.models import User
from loyalty.core.people.rules import FUNCTION_CHOICES, Function

SEAT_CHOICES = [("", "No seat"), ("member", "Member"), ("lead", "Lead: escalations come here")]


class StandingForm(forms.Form):
    """A seat in each function, or none."""

    name = forms.CharField(max_length=300, label="Name")
    email = forms.EmailField(max_length=254, required=False, label="E-mail address")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for function, label in FUNCTION_CHOICES:
            self.fields[function] = forms.ChoiceField(choices=SEAT_CHOICES, required=False, label=label)
        self.fields["is_administrator"] = forms.BooleanField(
            required=False,
            label="Administrator",
            help_text="Manages people, sources and keys. It gives no approval right.",
        )

    @property
    def standing(self) -> Standing:
        """What was chosen; of a valid form."""
        given = self.cleaned_data
        seats = {f: given[f.value] == "lead" for f in Function if given[f.value]}
        return Standing(given["name"], given["email"], seats, given["is_administrator"])


class InviteForm(StandingForm):
    username = forms.RegexField(
        r"^[\w.@+-]+\Z",
        max_length=150,
        label="Username",
        widget=forms.TextInput(attrs={"autocomplete": "off", "spellcheck": "false"}),
        error_messages={"invalid": "Letters, digits and @ . + - _ only."},
    )

    field_order = ("name", "username", "email")


class ColleagueField(forms.ModelChoiceField):
    """One of the people, by name."""

    def label_from_instance(self, obj: User) -> str:
        return obj.display_name


class LeaveForm(forms.Form):
    """Who takes over may be left open: then the functions do."""

    hand_over_to = ColleagueField(
        User.objects.none(), required=False, label="Hand over to", empty_label="Whoever of the function comes first"
    )
    reason = forms.CharField(max_length=300, label="Reason", widget=forms.TextInput())

    def __init__(self, *args: Any, leaving: User, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        field = self.fields["hand_over_to"]
        if isinstance(field, forms.ModelChoiceField):
            field.queryset = User.objects.filter(is_active=True).exclude(pk=leaving.pk).order_by("first_name", "pk")


class PasswordForm(forms.Form):
    """A new password, typed twice; `old` only when one is signed in."""

    new = forms.CharField(
        max_length=1000,
        strip=False,
        label="New password",
        help_text="At least 12 letters; not your name, and none of the common ones.",
        widget=forms.PasswordInput(attrs={"autocomplete": "new-password"}),
    )
    again = forms.CharField(
        max_length=1000,
        strip=False,
        label="Once more",
        widget=forms.PasswordInput(attrs={"autocomplete": "new-password"}),
    )

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        if cleaned.get("new") and cleaned.get("again") and cleaned["new"] != cleaned["again"]:
            self.add_error("again", "This is not the same.")
        return cleaned


class ChangePasswordForm(PasswordForm):
    old = forms.CharField(
        max_length=1000,
        strip=False,
        label="Current password",
        widget=forms.PasswordInput(attrs={"autocomplete": "current-password"}),
    )

    field_order = ("old", "new", "again")
