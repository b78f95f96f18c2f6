"""What the editing of milestones and key actions asks for."""

from typing import Any

from django import forms

from accounts.milestones.rules import LONGEST_WINDOW, MOST_TIMES, MilestoneStatus
from accounts.milestones.starts import possible_starts
from loyalty.core.changes.forms import BESIDE, ProposalForm, ReasonField


class TermsForm(forms.Form):
    """The condition of a milestone; also what the preview needs."""

    event_name = forms.CharField(
        max_length=200,
        label="Event",
        help_text="The name as the product sends it.",
        widget=forms.TextInput(attrs={"list": "event-names", "autocomplete": "off"}),
    )
    count = forms.IntegerField(min_value=1, max_value=MOST_TIMES, label="How often", initial=1)
    within_days = forms.IntegerField(
        min_value=1,
        max_value=LONGEST_WINDOW,
        required=False,
        label="Within days",
        help_text="Empty: no limit.",
    )
    counts_from = forms.TypedChoiceField(
        choices=[], coerce=int, empty_value=None, required=False, label="Days count from"
    )

    def __init__(self, *args: Any, milestone_id: int | None = None, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        choices = [(str(pk), f"Reaching “{name}”") for pk, name in possible_starts(milestone_id)]
        self.fields["counts_from"].choices = [("", "Sign-up"), *choices]  # type: ignore[attr-defined]


class NewMilestoneForm(TermsForm):
    """A draft."""

    name = forms.CharField(max_length=120, label="Name")
    field_order = ("name", "event_name", "count", "within_days", "counts_from")


class MilestoneForm(NewMilestoneForm, ProposalForm):
    """An edit."""

    status = forms.ChoiceField(choices=[], label="Status")
    reason = ReasonField(required=False)

    def __init__(self, *args: Any, was_live: bool, needs_reason: bool, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        statuses = [s for s in MilestoneStatus if not (was_live and s is MilestoneStatus.DRAFT)]
        choices = [(s.value, s.value.capitalize()) for s in statuses]
        self.fields["status"] = forms.ChoiceField(choices=choices, label="Status")
        self.fields["reason"].required = needs_reason
        self.order_fields(["name", "event_name", "count", "within_days", "counts_from", "status", "reason"])

    @property
    def values(self) -> dict[str, Any]:
        """The edited fields, as the change request keeps them."""
        return {k: v for k, v in self.cleaned_data.items() if k not in BESIDE}


class KeyActionsForm(ProposalForm):
    event_names = forms.CharField(
        label="Events, one a line",
        required=False,
        widget=forms.Textarea(attrs={"rows": 8}),
    )
    reason = ReasonField(required=False, help_text="")

    def clean_event_names(self) -> list[str]:
        return [line.strip() for line in str(self.cleaned_data["event_names"]).splitlines() if line.strip()]
