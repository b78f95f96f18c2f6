"""What an absence needs. Forms only validate."""

from typing import Any

from django import forms

from loyalty.core.people.models import User


class ColleagueField(forms.ModelChoiceField):
    """One of the people, named with their functions."""

    def label_from_instance(self, obj: User) -> str:
        return f"{obj.display_name} ({obj.functions_in_words})"


class AbsenceForm(forms.Form):
    """Days, both included; `but` is who cannot be chosen."""

    stand_in = ColleagueField(
        label="Who decides in your place", queryset=User.objects.none(), empty_label="Choose a colleague"
    )
    starts_on = forms.DateField(label="First day", widget=forms.DateInput(attrs={"type": "date"}))
    ends_on = forms.DateField(label="Last day", widget=forms.DateInput(attrs={"type": "date"}))
    reason = forms.CharField(label="Reason", max_length=300, help_text="As your colleagues will read it.")

    def __init__(self, *args: Any, but: User, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        field = self.fields["stand_in"]
        if isinstance(field, forms.ModelChoiceField):
            colleagues = User.objects.filter(is_active=True).exclude(pk=but.pk).prefetch_related("memberships")
            field.queryset = colleagues.order_by("first_name", "pk")
