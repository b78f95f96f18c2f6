"""The home page: one question for each function, the first five answers ready."""

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_GET

from accounts.sources.queries import silent_sources
from loyalty.core.changes.queries import waiting_for as changes_waiting_for
from loyalty.core.people.rules import Function
from loyalty.core.people.session import signed_in
from loyalty.programme.home import queries
from rewards.approvals.listing import Filters, listed, summary_of

FIRST = 5


@require_GET
def home(request: HttpRequest) -> HttpResponse:
    """What waits, what is owed, what was reached: by the person's functions."""
    user, now = signed_in(request), timezone.now()
    context: dict[str, Any] = {
        "waiting": summary_of("mine", user),
        "offers": listed(Filters("mine"), user)[:FIRST],
        "changes": changes_waiting_for(user)[:FIRST],
    }
    if Function.CS in user.functions:
        context |= queries.about_to_step_down(user, FIRST)
    if Function.FINANCE in user.functions:
        context |= {"owed": queries.owed(now), "caps": queries.caps_above_alert(now), "is_finance": True}
    if Function.PRODUCT in user.functions or not user.functions:
        context |= {"reached": queries.milestones_reached(now), "is_product": True}
    return render(request, "programme/home/page.html", context | {"stale": silent_sources(now=now)})
