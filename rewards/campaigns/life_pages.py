"""The life of a campaign: modelled, approved by three, piloted, launched, paused, retired."""

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.views.decorators.http import require_POST

from loyalty.core.errors import DomainError
from loyalty.core.people.rules import Function
from loyalty.core.people.session import signed_in
from rewards.campaigns.forms import ApproveForm, MoveForm
from rewards.campaigns.models import Campaign
from rewards.campaigns.pages import shown
from rewards.campaigns.rules.statuses import CampaignAction
from rewards.campaigns.verbs import approve_campaign, move_campaign

UNREADABLE = "That cannot be done to a campaign. Reload the page and try again."


@require_POST
def move(request: HttpRequest, campaign_id: int) -> HttpResponse:
    """Take it a step further; the owner alone, with a reason where it is stopped."""
    found, form = get_object_or_404(Campaign, pk=campaign_id), MoveForm(request.POST)
    if not form.is_valid() or form.cleaned_data["action"] not in list(CampaignAction):
        return shown(request, found, refusal=UNREADABLE, status=422)
    action = CampaignAction(form.cleaned_data["action"])
    try:
        moved = move_campaign(found.pk, action, reason=form.cleaned_data["reason"], acting_user=signed_in(request))
    except DomainError as error:
        return shown(request, found, refusal=str(error), status=error.status)
    messages.success(request, f"{moved.name} is {moved.status} now.")
    return redirect("campaign", found.pk)


@require_POST
def approve(request: HttpRequest, campaign_id: int) -> HttpResponse:
    """Approve the version that was on the screen, for one function."""
    found, form = get_object_or_404(Campaign, pk=campaign_id), ApproveForm(request.POST)
    if not form.is_valid() or form.cleaned_data["function"] not in list(Function):
        return shown(request, found, refusal=UNREADABLE, status=422)
    data = form.cleaned_data
    try:
        approved = approve_campaign(
            found.pk,
            function=Function(data["function"]),
            version=data["version"],
            rewards=data["rewards"],
            note=data["note"],
            acting_user=signed_in(request),
        )
    except DomainError as error:
        return shown(request, found, refusal=str(error), status=error.status)
    messages.success(request, f"Approved. {approved.name} is {approved.status}.")
    return redirect("campaign", found.pk)
