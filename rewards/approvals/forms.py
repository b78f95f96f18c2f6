"""What people type in the queue. Forms only validate."""

import re
from datetime import datetime, timedelta
from typing import Any

from django import forms
from django.http import QueryDict

from loyalty.core.absence.seats import company_day
from loyalty.core.changes.forms import DecisionForm
from loyalty.core.people.models import User
from loyalty.core.people.rules import FUNCTION_CHOICES
from rewards.approvals.revising import LONGEST_VALIDITY
from rewards.approvals.verbs import Ask

MOST_CHOSEN = 200
AN_ID = re.compile(r"[0-9]{1,18}")
ONE_CHOSEN = re.compile(r"([0-9]{1,18}):([0-9a-f]{64})")
A_WEEK = timedelta(days=7)


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

    say_why = "Say why, so that the campaign’s owner can learn from it."

    function = forms.ChoiceField(choices=FUNCTION_CHOICES)


class SnoozeForm(forms.Form):
    until = forms.DateField(
        label="Until", widget=forms.DateInput(attrs={"type": "date"}), initial=lambda: company_day() + A_WEEK
    )
    reason = forms.CharField(
        label="Reason",
        max_length=300,
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
        help_text="The trigger stays quiet for this account meanwhile.",
    )


class ReassignForm(forms.Form):
    person = forms.ModelChoiceField(
        label="To whose book", queryset=User.objects.none(), empty_label="Choose a colleague"
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        field = self.fields["person"]
        if isinstance(field, forms.ModelChoiceField):
            seated = User.objects.filter(is_active=True, memberships__isnull=False).distinct()
            field.queryset = seated.order_by("first_name", "pk")
            field.label_from_instance = _name  # type: ignore[method-assign, assignment]


def _name(person: User) -> str:
    return person.display_name


class ReviseForm(forms.Form):
    digest = forms.CharField(max_length=64, widget=forms.HiddenInput)
    validity_days = forms.IntegerField(label="Usable for", min_value=1, max_value=LONGEST_VALIDITY)
    reason = forms.CharField(label="Reason", max_length=2000, widget=forms.TextInput(attrs={"autocomplete": "off"}))


class CommentForm(forms.Form):
    text = forms.CharField(max_length=4000, label="Comment", widget=forms.Textarea(attrs={"rows": 2}))


class ViewForm(forms.Form):
    """A name for the filters that stand in the URL."""

    name = forms.CharField(label="Name of this view", max_length=60)
    is_shared = forms.BooleanField(label="Show it to everybody", required=False)
    query = forms.CharField(max_length=500, required=False, widget=forms.HiddenInput)


class ChosenForm(forms.Form):
    """Several offers, each with the digest of the terms that were on the screen, and what is to be done with them."""

    action = forms.ChoiceField(choices=[(word, word) for word in ("approve", "reject", "snooze", "wake", "reassign")])
    back = forms.CharField(max_length=500, required=False)
    note = forms.CharField(
        max_length=2000, required=False, label="Note", widget=forms.Textarea(attrs={"rows": 2}),
        help_text="Kept in the audit with each of them.",
    )  # fmt: skip

    def __init__(self, *args: Any, is_confirmed: bool, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        # What is sent without a reason comes back with the words beside the field.
        self.use_required_attribute = False
        if self.data.get("action") == "reject":
            note = self.fields["note"]
            note.label, note.help_text, note.required = "Reason", "Kept in the audit with each of them.", is_confirmed
            note.error_messages["required"] = OfferDecisionForm.say_why

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        texts = self.data.getlist("chosen") if hasattr(self.data, "getlist") else []
        found = [match for text in texts if (match := ONE_CHOSEN.fullmatch(text))]
        if not found or len(found) != len(texts) or len(found) > MOST_CHOSEN:
            raise forms.ValidationError(f"Choose offers from the list first, at most {MOST_CHOSEN}.")
        cleaned["asks"] = list({match[1]: Ask(int(match[1]), match[2]) for match in found}.values())
        cleaned["back"] = _in_the_queue(cleaned)
        return cleaned


class UndoForm(forms.Form):
    """The offers that somebody decided together, and the moment at which they did."""

    decided_at = forms.DateTimeField(widget=forms.HiddenInput)
    back = forms.CharField(max_length=500, required=False)

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        texts = self.data.getlist("decided") if hasattr(self.data, "getlist") else []
        if not 0 < len(texts) <= MOST_CHOSEN or not all(AN_ID.fullmatch(text) for text in texts):
            raise forms.ValidationError("There is nothing to take back.")
        cleaned["ids"] = sorted({int(text) for text in texts})
        cleaned["back"] = _in_the_queue(cleaned)
        return cleaned


def moment_in(query: QueryDict, field: str) -> datetime | None:
    """A moment that stands in the URL; None when none does."""
    try:
        moment: datetime | None = forms.DateTimeField(required=False).clean(query.get(field))
    except forms.ValidationError:
        return None
    return moment


def _in_the_queue(cleaned: dict[str, Any]) -> str:
    back = str(cleaned.get("back", ""))
    return back if back.startswith("?") else "?"
