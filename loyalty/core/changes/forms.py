"""What a decision and a comment need."""

from typing import Any

from django import forms


class DecisionForm(forms.Form):
    """`digest` pins the terms that were on the screen; a rejection needs its reason."""

    say_why = "Say why you reject it, so that the next proposal can be better."

    decision = forms.ChoiceField(choices=[("approve", "Approve"), ("reject", "Reject")])
    digest = forms.CharField(max_length=64)
    note = forms.CharField(
        max_length=2000,
        required=False,
        label="Note",
        widget=forms.Textarea(attrs={"rows": 2}),
        help_text="Kept in the audit. A rejection needs a reason.",
    )

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        if cleaned.get("decision") == "reject" and not str(cleaned.get("note") or "").strip():
            self.add_error("note", self.say_why)
        return cleaned


class CommentForm(forms.Form):
    text = forms.CharField(
        max_length=4000, label="Comment", widget=forms.Textarea(attrs={"rows": 2, "id": "id_comment"})
    )
