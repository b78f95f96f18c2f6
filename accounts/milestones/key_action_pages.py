"""Which events count as key actions, at /milestones/key-actions/."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_http_methods

from accounts.milestones.forms import KeyActionsForm
from accounts.milestones.key_actions import KIND, THE_LIST
from accounts.milestones.queries import key_action_names
from loyalty.core.changes.handing_in import hand_in, written_anew
from loyalty.core.changes.queries import pending_for
from loyalty.core.errors import DomainError


@require_http_methods(["GET", "POST"])
def key_actions(request: HttpRequest) -> HttpResponse:
    """The list; an edit of it is proposed, unless there is no list yet and Product makes it."""
    names = key_action_names()
    begun = written_anew(request.GET, KIND, THE_LIST) or {"event_names": names}
    form = KeyActionsForm(request.POST or None, initial=begun | {"event_names": "\n".join(begun["event_names"])})
    context = {"form": form, "names": names, "pending": pending_for(KIND, THE_LIST)}
    if request.method != "POST" or not form.is_valid():
        return render(request, "accounts/milestones/key_actions.html", context, status=422 if form.errors else 200)
    values = {"event_names": form.cleaned_data["event_names"]}
    try:
        return hand_in(request, KIND, THE_LIST, values, form.cleaned_data, back=("key-actions",))
    except DomainError as refusal:
        context["refusal"] = str(refusal)
        return render(request, "accounts/milestones/key_actions.html", context, status=refusal.status)
