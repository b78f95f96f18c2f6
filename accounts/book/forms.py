"""What the pages of the book ask for."""

from datetime import date
from typing import Any

from django import forms

from accounts.records.rules import LARGEST_COUNT
from loyalty.core.figures import day_text

FIRST_DAY = date(2000, 1, 1)


class DayForm(forms.Form):
    """A day (UTC) from FIRST_DAY through `last`; left out, it is the latest day with facts."""

    day = forms.DateField(required=False, label="As of the end of", widget=forms.DateInput(attrs={"type": "date"}))

    def __init__(self, *args: Any, last: date, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.last = last
        self.fields["day"].widget.attrs |= {"min": FIRST_DAY.isoformat(), "max": last.isoformat()}

    def clean_day(self) -> date | None:
        """The day, if there is one to be shown."""
        day: date | None = self.cleaned_data["day"]
        if day is not None and not FIRST_DAY <= day <= self.last:
            raise forms.ValidationError(f"Choose a day from {day_text(FIRST_DAY)} to {day_text(self.last)}.")
        return day


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
