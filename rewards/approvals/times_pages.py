"""The times of the approval steps at /settings/approvals/times/."""

from django import forms
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_http_methods

from loyalty.core.changes.forms import ProposalForm, ReasonField
from loyalty.core.changes.handing_in import hand_in, written_anew
from loyalty.core.changes.queries import pending_for
from loyalty.core.errors import DomainError
from rewards.approvals.times import FIELD_LABELS, KIND, LONGEST_DUE, ONLY, read


class TimesForm(ProposalForm):
    """Whole working days."""

    due_working_days = forms.IntegerField(label=FIELD_LABELS["due_working_days"], min_value=1, max_value=LONGEST_DUE)
    remind_days = forms.IntegerField(
        label=FIELD_LABELS["remind_days"], min_value=0, max_value=LONGEST_DUE, help_text="0 is the day itself."
    )
    escalate_days = forms.IntegerField(
        label=FIELD_LABELS["escalate_days"], min_value=0, max_value=LONGEST_DUE, help_text="0 is the day itself."
    )
    reason = ReasonField()


@require_http_methods(["GET", "POST"])
def times(request: HttpRequest) -> HttpResponse:
    """When a step is due, when people are reminded, when the lead hears of it; an edit is always a request."""
    initial = written_anew(request.GET, KIND, ONLY) or dict(read(ONLY, False).values)
    form, refusal = TimesForm(request.POST or None, initial=initial), ""
    status = 422 if form.errors else 200
    if request.method == "POST" and form.is_valid():
        values = {field: form.cleaned_data[field] for field in FIELD_LABELS}
        try:
            return hand_in(request, KIND, ONLY, values, form.cleaned_data, back=("approval-times",))
        except DomainError as error:
            refusal, status = str(error), error.status
    context = {"form": form, "refusal": refusal, "pending": pending_for(KIND, ONLY)}
    return render(request, "rewards/approvals/times.html", context, status=status)
