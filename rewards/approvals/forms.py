"""What a decision needs: whose it is, which terms were seen, and a note."""

from django import forms

from loyalty.core.people.rules import FUNCTION_CHOICES


class DecisionForm(forms.Form):
    """`digest` pins the terms that were on the screen; a rejection needs its reason."""

    decision = forms.ChoiceField(choices=[("approve", "Approve"), ("reject", "Reject")])
    function = forms.ChoiceField(choices=FUNCTION_CHOICES)
    digest = forms.CharField(max_length=64)
    note = forms.CharField(
        max_length=2000,
        required=False,
        label="Note",
        widget=forms.Textarea(attrs={"rows": 2}),
        help_text="Kept in the audit. A rejection needs a reason.",
    )

    def clean(self) -> dict[str, object]:
        cleaned = super().clean() or {}
        if cleaned.get("decision") == "reject" and not str(cleaned.get("note") or "").strip():
            self.add_error("note", "Say why, so that the campaign's owner can learn from it.")
        return cleaned
