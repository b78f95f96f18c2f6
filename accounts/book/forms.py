"""What the pages of the book ask for."""

from django import forms

from accounts.records.rules import LARGEST_COUNT


class DayForm(forms.Form):
    """A past day (UTC); left out, it is the latest day with facts."""

    day = forms.DateField(required=False, label="As of the end of", widget=forms.DateInput(attrs={"type": "date"}))


class NewAccountForm(forms.Form):
    """An account that nobody else tells of."""

    name = forms.CharField(max_length=300)
    industry = forms.CharField(max_length=100, required=False)
    employee_count = forms.IntegerField(min_value=1, max_value=LARGEST_COUNT, required=False, label="Employees")
    goals = forms.CharField(
        max_length=5000,
        required=False,
        widget=forms.Textarea(attrs={"rows": 3}),
        help_text="What they said that they want to reach.",
    )
    external_id = forms.CharField(
        max_length=255,
        required=False,
        label="Id in your product",
        help_text="The groupId that it will be named by, if you know it.",
    )
