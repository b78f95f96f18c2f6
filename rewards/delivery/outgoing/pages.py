"""Webhooks out at /settings/webhooks/: the endpoints, what was sent to each, and sending again."""

import json
from collections.abc import Callable
from typing import Any

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from loyalty.core.chips import Chip, address, chosen
from loyalty.core.csv import csv_response, wants_csv
from loyalty.core.errors import DomainError, NotAllowed
from loyalty.core.keyset import page_of
from loyalty.core.people.models import User
from loyalty.core.people.permissions import check_administrator
from loyalty.core.people.session import signed_in
from loyalty.core.showing import keep_to_show, show_once
from rewards.delivery.outgoing import endpoints, queries, secrets
from rewards.delivery.outgoing.forms import EndpointForm, PauseForm
from rewards.delivery.outgoing.models import Endpoint, EndpointSecret, EventDelivery
from rewards.delivery.outgoing.rules import EVENT_WORDS


@require_GET
def webhooks(request: HttpRequest) -> HttpResponseBase:
    """Every endpoint, with what waits and what has failed."""
    user, found = signed_in(request), queries.endpoints()
    if wants_csv(request):
        rows = queries.endpoint_rows(found)
        return csv_response("webhooks", queries.ENDPOINTS_HEADER, rows, acting_user=user)
    context = {"endpoints": found, "events": EVENT_WORDS.items(), "may_manage": user.is_administrator}
    return render(request, "rewards/delivery/webhooks.html", context)


@require_http_methods(["GET", "POST"])
def new(request: HttpRequest) -> HttpResponse:
    """Make an endpoint; its secret is shown on the page that this leads to."""
    user, form = _administrator(request), EndpointForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            made, secret = endpoints.create_endpoint(form.wanted, acting_user=user)
        except DomainError as refused:
            form.add_error(None, str(refused))
        else:
            keep_to_show(request, f"secret of endpoint {made.pk}", secret, now=timezone.now())
            return redirect("endpoint", made.pk)
    status = 422 if form.errors else 200
    return render(request, "rewards/delivery/endpoint_form.html", {"form": form}, status=status)


@require_http_methods(["GET", "POST"])
def edit(request: HttpRequest, endpoint_id: int) -> HttpResponse:
    """Change where an endpoint stands and what it is told of."""
    user, found = _administrator(request), get_object_or_404(Endpoint, pk=endpoint_id)
    form = EndpointForm(request.POST or None, initial={"name": found.name, "url": found.url, "types": found.types})
    if request.method == "POST" and form.is_valid():
        try:
            endpoints.edit_endpoint(found.pk, form.wanted, acting_user=user)
        except DomainError as refused:
            form.add_error(None, str(refused))
        else:
            messages.success(request, "Saved. It holds for what waits, too.")
            return redirect("endpoint", found.pk)
    context = {"form": form, "endpoint": found}
    return render(request, "rewards/delivery/endpoint_form.html", context, status=422 if form.errors else 200)


@require_GET
def endpoint(request: HttpRequest, endpoint_id: int) -> HttpResponseBase:
    """One endpoint with its secrets and its log; a fresh secret is shown this once."""
    user, found = signed_in(request), get_object_or_404(queries.endpoints(), pk=endpoint_id)
    state = chosen(request.GET, "state", queries.STATES)
    rows = queries.deliveries(found, state)
    if wants_csv(request):
        return csv_response("webhook-log", queries.LOG_HEADER, queries.log_rows(rows), acting_user=user)
    query = request.GET
    context: dict[str, Any] = {
        "endpoint": found,
        "secrets": secrets.working(found.pk, now=timezone.now()),
        "made": show_once(request, f"secret of endpoint {found.pk}", now=timezone.now()),
        "page": page_of(rows, queries.SORTED_BY, query),
        "chips": [Chip(label, address(query, state=name), name == state) for name, label in queries.STATES.items()],
        "csv_url": address(query, format="csv"),
        "form": PauseForm(),
        "may_manage": user.is_administrator,
    }
    response = render(request, "rewards/delivery/endpoint.html", context)
    response["Cache-Control"] = "no-store"
    return response


@require_GET
def delivery(request: HttpRequest, delivery_id: int) -> HttpResponse:
    """One delivery: what is sent, and what came of each try."""
    user = signed_in(request)
    rows = EventDelivery.objects.select_related("event__account", "endpoint").prefetch_related("log")
    found = get_object_or_404(rows, pk=delivery_id)
    context = {
        "delivery": found,
        "body": _in_lines(found.event.body),
        "may_manage": user.is_administrator,
    }
    return render(request, "rewards/delivery/delivery.html", context)


@require_POST
def send_again(request: HttpRequest, delivery_id: int) -> HttpResponse:
    """Send one delivery again."""
    user, found = _administrator(request), get_object_or_404(EventDelivery, pk=delivery_id)
    done = "It goes out again within seconds, under the same message id."
    _say(request, lambda: endpoints.send_again(found.pk, acting_user=user), done)
    return redirect("delivery", found.pk)


@require_POST
def pause(request: HttpRequest, endpoint_id: int) -> HttpResponse:
    """Stop sending for a while."""
    user, found = _administrator(request), get_object_or_404(Endpoint, pk=endpoint_id)
    done = f"{found.name} is paused. What happens meanwhile waits."
    _say(request, lambda: endpoints.pause(found.pk, request.POST.get("reason", ""), acting_user=user), done)
    return redirect("endpoint", found.pk)


@require_POST
def resume(request: HttpRequest, endpoint_id: int) -> HttpResponse:
    """Send again, and what waits at once."""
    user, found = _administrator(request), get_object_or_404(Endpoint, pk=endpoint_id)
    _say(request, lambda: endpoints.resume(found.pk, acting_user=user), f"{found.name} is active again.")
    return redirect("endpoint", found.pk)


@require_POST
def new_secret(request: HttpRequest, endpoint_id: int) -> HttpResponse:
    """Make a secret; the page of the endpoint shows it this once."""
    user, found = _administrator(request), get_object_or_404(Endpoint, pk=endpoint_id)
    made = secrets.make_secret(found, acting_user=user)
    keep_to_show(request, f"secret of endpoint {found.pk}", made, now=timezone.now())
    return redirect("endpoint", found.pk)


@require_POST
def revoke_secret(request: HttpRequest, secret_id: int) -> HttpResponse:
    """Let a secret sign no longer."""
    user, found = _administrator(request), get_object_or_404(EndpointSecret, pk=secret_id)
    done = f"The secret …{found.hint} signs no longer."
    _say(request, lambda: secrets.revoke_secret(found, acting_user=user), done)
    return redirect("endpoint", found.endpoint_id)


def _administrator(request: HttpRequest) -> User:
    """Who is asking; anybody but an administrator gets the page that says so (403)."""
    user = signed_in(request)
    try:
        check_administrator(user)
    except NotAllowed as refused:
        raise PermissionDenied(str(refused)) from refused
    return user


def _say(request: HttpRequest, act: Callable[[], object], done: str) -> None:
    try:
        act()
    except DomainError as refused:
        messages.warning(request, str(refused))
    else:
        messages.success(request, done)


def _in_lines(body: str) -> str:
    """The body as people read it; one that is no JSON as it stands."""
    try:
        return json.dumps(json.loads(body), indent=2, ensure_ascii=False)
    except ValueError:
        return body
