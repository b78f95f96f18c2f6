"""Which events count as key actions, at /milestones/key-actions/."""

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods

from accounts.milestones.forms import KeyActionsForm
from accounts.milestones.key_actions import KIND, THE_LIST
from accounts.milestones.queries import key_action_names
from loyalty.core.changes.queries import pending_for
from loyalty.core.changes.verbs import propose_or_apply
from loyalty.core.errors import DomainError
from loyalty.core.people.session import signed_in


@require_http_methods(["GET", "POST"])
def key_actions(request: HttpRequest) -> HttpResponse:
    """The list; an edit of it is proposed, unless there is no list yet and Product makes it."""
    names = key_action_names()
    form = KeyActionsForm(request.POST or None, initial={"event_names": "\n".join(names)})
    context = {"form": form, "names": names, "pending": pending_for(KIND, THE_LIST)}
    if request.method != "POST" or not form.is_valid():
        return render(request, "accounts/milestones/key_actions.html", context, status=422 if form.errors else 200)
    values = {"event_names": form.cleaned_data["event_names"]}
    try:
        change = propose_or_apply(KIND, THE_LIST, values, form.cleaned_data["reason"], acting_user=signed_in(request))
    except DomainError as refusal:
        context["refusal"] = str(refusal)
        return render(request, "accounts/milestones/key_actions.html", context, status=refusal.status)
    messages.success(request, "Proposed. A member of Product who is not you decides it." if change else "Saved.")
    return redirect("change", change.pk) if change else redirect("key-actions")
