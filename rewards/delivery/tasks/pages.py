"""Deliveries by hand at /offers/tasks/: who delivers what, by when."""

from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.http import require_GET, require_http_methods

from loyalty.core.chips import Chip, address
from loyalty.core.csv import csv_response, wants_csv
from loyalty.core.errors import DomainError
from loyalty.core.keyset import page_of
from loyalty.core.people.models import User
from loyalty.core.people.permissions import is_member
from loyalty.core.people.queries import members
from loyalty.core.people.rules import Function
from loyalty.core.people.session import signed_in
from rewards.delivery.tasks import queries, verbs
from rewards.delivery.tasks.models import DeliveryTask


class _Person(forms.ModelChoiceField):
    def label_from_instance(self, obj: User) -> str:
        return obj.display_name


class TaskForm(forms.Form):
    """Who delivers, and by when."""

    owner = _Person(queryset=User.objects.none(), required=False, empty_label="Nobody yet", label="Who delivers")
    due_on = forms.DateField(label="By", widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"))

    def __init__(self, *args: object, **kwargs: object) -> None:
        super().__init__(*args, **kwargs)  # type: ignore[arg-type]
        self.fields["owner"].queryset = members(Function.CS)  # type: ignore[attr-defined]


@require_GET
def tasks(request: HttpRequest) -> HttpResponseBase:
    """What waits to be delivered, the earliest day first."""
    user, query, today = signed_in(request), request.GET, timezone.now().date()
    default = "mine" if is_member(user, Function.CS) else ""
    view = query.get("view", default)
    view = "" if view == "all" or view not in queries.VIEWS else view
    rows = queries.view_of(view, user, today)
    if wants_csv(request):
        return csv_response("deliveries", queries.CSV_HEADER, queries.csv_rows(rows), acting_user=user)
    context = {
        "page": page_of(rows, queries.SORTED_BY, query),
        "chips": [
            Chip(label, address(query, view=name or "all"), name == view) for name, label in queries.VIEWS.items()
        ],
        "csv_url": address(query, view=view or "all") + "&format=csv",
        "view": view,
        "today": today,
        "may_hand": is_member(user, Function.CS),
    }
    return render(request, "rewards/delivery/tasks.html", context)


@require_http_methods(["GET", "POST"])
def task(request: HttpRequest, task_id: int) -> HttpResponse:
    """Give one delivery to somebody, by a day."""
    user = signed_in(request)
    found = get_object_or_404(DeliveryTask.objects.select_related("offer__account", "owner"), pk=task_id)
    form = TaskForm(request.POST or None, initial={"owner": found.owner_id, "due_on": found.due_on})
    status = 422 if form.errors else 200
    if request.method == "POST" and form.is_valid():
        try:
            verbs.assign(found.pk, form.cleaned_data["owner"], form.cleaned_data["due_on"], acting_user=user)
        except DomainError as refused:
            form.add_error(None, str(refused))
            status = refused.status
        else:
            messages.success(request, "Kept.")
            return redirect("tasks")
    return render(request, "rewards/delivery/task.html", {"task": found, "form": form}, status=status)
