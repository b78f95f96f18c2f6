"""Sending refused calls again from /events/, and how many a source still has."""

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.views.decorators.http import require_POST

from accounts.intake import replaying
from accounts.intake.models import RefusedItem
from loyalty.core.errors import DomainError
from loyalty.core.people.session import signed_in


@require_POST
def replay(request: HttpRequest, arrival_id: int) -> HttpResponse:
    """Send one refused call again, or with `alike` those of the same source and reason."""
    user = signed_in(request)
    try:
        if "alike" in request.POST:
            tried, went_in = replaying.replay_alike(arrival_id, acting_user=user)
            messages.success(request, f"{tried:,} were sent again: {went_in:,} went in, {tried - went_in:,} did not.")
        else:
            _say(request, replaying.replay(arrival_id, acting_user=user))
    except RefusedItem.DoesNotExist as missing:
        raise Http404 from missing
    except DomainError as refused:
        messages.warning(request, str(refused))
    return redirect("refused-item", arrival_id)


def _say(request: HttpRequest, item: RefusedItem) -> None:
    if item.went_in_at:
        messages.success(request, "It went in.")
    else:
        messages.warning(request, f"It is refused again: {item.retried_reason}")
