"""What the audit can be searched by."""

from django import forms

from loyalty.core.audit.rules import AuditVerb


class AuditSearch(forms.Form):
    """Days are in UTC and count in full; everything may be left out."""

    q = forms.CharField(max_length=200, required=False, label="Words")
    who = forms.ChoiceField(choices=[], required=False, label="Who")
    verb = forms.ChoiceField(
        choices=[("", "anything"), *((v.value, v.label) for v in AuditVerb)], required=False, label="What"
    )
    since = forms.DateField(required=False, label="From", widget=forms.DateInput(attrs={"type": "date"}))
    until = forms.DateField(required=False, label="To", widget=forms.DateInput(attrs={"type": "date"}))
    object_type = forms.CharField(max_length=40, required=False, widget=forms.HiddenInput)
    object_id = forms.CharField(max_length=64, required=False, widget=forms.HiddenInput)

    def offer_people(self, people: list[tuple[str, str]]) -> None:
        """Let `who` be one of these (id, name)."""
        field = forms.ChoiceField(choices=[("", "anybody"), *people], required=False, label="Who")
        self.fields["who"] = field
        self.order_fields(["q", "who", "verb", "since", "until"])
