"""What the editing of streaks and tracks asks for."""

from typing import Any

from django import forms

from accounts.milestones.rules import LONGEST_WINDOW, MilestoneStatus
from accounts.streaks.rules import (
    ACTION_LABELS,
    DEFAULT_WINDOW,
    FIELD_LABELS,
    LONGEST_RUN,
    MOST_FEATURES,
    PACE_LABELS,
    STREAK_ACTIONS,
    Action,
    Pace,
    StreakKind,
)
from loyalty.core.changes.forms import BESIDE, ProposalForm, ReasonField


class TermsForm(forms.Form):
    """The condition; also what the preview needs. A track asks for other fields than a streak."""

    action = forms.ChoiceField(
        choices=[(a.value, ACTION_LABELS[a]) for a in STREAK_ACTIONS], label=FIELD_LABELS["action"]
    )
    event_name = forms.CharField(
        max_length=200,
        required=False,
        label=FIELD_LABELS["event_name"],
        help_text="The name as the product sends it, if it is a named event that counts.",
        widget=forms.TextInput(attrs={"list": "event-names", "autocomplete": "off"}),
    )
    pace = forms.ChoiceField(
        choices=[(p.value, PACE_LABELS[p]) for p in Pace],
        label=FIELD_LABELS["pace"],
        help_text="Days of the account’s time zone. Weekends break no working days; holidays do.",
    )
    features = forms.IntegerField(
        min_value=1, max_value=MOST_FEATURES, label=FIELD_LABELS["features"], help_text="Sign-ins are no feature."
    )
    active_days = forms.IntegerField(min_value=1, max_value=7, label=FIELD_LABELS["active_days"])
    length = forms.IntegerField(min_value=1, max_value=LONGEST_RUN, label=FIELD_LABELS["length"])
    within_days = forms.IntegerField(
        min_value=1,
        max_value=LONGEST_WINDOW,
        required=False,
        label=FIELD_LABELS["within_days"],
        help_text="Empty: no limit.",
    )

    def __init__(self, kind: StreakKind, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        is_track = kind is StreakKind.TRACK
        for name in ("action", "event_name", "pace") if is_track else ("features", "active_days"):
            del self.fields[name]
        if is_track:
            self.fields["length"].label = "Weeks running"

    def clean(self) -> dict[str, Any]:
        """Ask for the name of the event where one counts."""
        data = super().clean() or self.cleaned_data
        if data.get("action") == Action.EVENT and not str(data.get("event_name") or "").strip():
            self.add_error("event_name", "Name the event that counts.")
        return data


class NewStreakForm(TermsForm):
    """A draft."""

    name = forms.CharField(max_length=120, label=FIELD_LABELS["name"])
    field_order = ("name", "action", "event_name", "pace", "features", "active_days", "length", "within_days")

    @staticmethod
    def first_values(kind: StreakKind) -> dict[str, Any]:
        """What a new one asks for unless one changes it."""
        if kind is StreakKind.TRACK:
            return {"features": 5, "active_days": 3, "length": 8}
        return {"pace": Pace.WORKING_DAY.value, "length": 5, "within_days": DEFAULT_WINDOW}


class StreakForm(NewStreakForm, ProposalForm):
    """An edit."""

    status = forms.ChoiceField(choices=[], label=FIELD_LABELS["status"])
    reason = ReasonField(required=False)

    def __init__(self, kind: StreakKind, *args: Any, was_live: bool, needs_reason: bool, **kwargs: Any) -> None:
        super().__init__(kind, *args, **kwargs)
        statuses = [s for s in MilestoneStatus if not (was_live and s is MilestoneStatus.DRAFT)]
        self.fields["status"] = forms.ChoiceField(
            choices=[(s.value, s.value.capitalize()) for s in statuses], label=FIELD_LABELS["status"]
        )
        self.fields["reason"].required = needs_reason
        self.order_fields([*NewStreakForm.field_order, "status", "reason"])

    @property
    def values(self) -> dict[str, Any]:
        """The edited fields, as the change request keeps them."""
        return {k: v for k, v in self.cleaned_data.items() if k not in BESIDE}
