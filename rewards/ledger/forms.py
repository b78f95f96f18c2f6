"""What Finance types to reverse a posting. Forms only validate."""

from django import forms

from loyalty.core.changes.forms import ReasonField


class ReversalForm(forms.Form):
    reason = ReasonField(help_text="It stands in the journal and in the audit.")
