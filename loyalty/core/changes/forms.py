"""What a decision and a comment need."""

from typing import Any

from django import forms

BESIDE = ("reason", "change", "digest")
"""Fields of an edit that are not values of what is edited."""


class ReasonField(forms.CharField):
    """Why somebody proposes an edit, in their words."""

    def __init__(self, *, required: bool = True, help_text: str = "Whoever decides reads it first.") -> None:
        widget = forms.Textarea(attrs={"rows": 2})
        super().__init__(label="Reason", max_length=2000, required=required, widget=widget, help_text=help_text)


class ProposalForm(forms.Form):
    """An edit that `handing_in` takes; `change` and `digest` name the open request that it writes anew, if it does."""

    change = forms.IntegerField(required=False, widget=forms.HiddenInput)
    digest = forms.CharField(required=False, max_length=64, widget=forms.HiddenInput)

    @property
    def rewrites(self) -> bool:
        """Whether it writes an open request anew."""
        return bool(self["change"].value())


class DecisionForm(forms.Form):
    """`digest` pins the terms that were on the screen; a rejection needs its reason."""

    say_why = "Say why you reject it, so that the next proposal can be better."
    say_what = "Say what should change."

    decision = forms.ChoiceField(choices=[("approve", "Approve"), ("reject", "Reject"), ("return", "Ask for changes")])
    digest = forms.CharField(max_length=64)
    note = forms.CharField(
        max_length=2000,
        required=False,
        label="Note",
        widget=forms.Textarea(attrs={"rows": 2}),
        help_text="Kept in the audit. Whatever is not an approval needs it.",
    )

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        if cleaned.get("decision") != "approve" and not str(cleaned.get("note") or "").strip():
            self.add_error("note", self.say_why if cleaned.get("decision") == "reject" else self.say_what)
        return cleaned


class CommentForm(forms.Form):
    text = forms.CharField(
        max_length=4000, label="Comment", widget=forms.Textarea(attrs={"rows": 2, "id": "id_comment"})
    )


class DayForm(forms.Form):
    """`digest` pins the terms that were on the screen; an empty day is that of the approval."""

    digest = forms.CharField(max_length=64)
    effective_on = forms.DateField(
        required=False, label="Holds from", widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d")
    )


class RestoreForm(forms.Form):
    reason = forms.CharField(
        max_length=2000, label="Why back", widget=forms.Textarea(attrs={"rows": 2, "id": "id_restore_reason"})
    )
