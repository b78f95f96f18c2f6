"""What the customer did with an approved offer: three buttons on the offer, for Customer Success."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404
from django.views.decorators.http import require_POST

from loyalty.core.errors import DomainError
from loyalty.core.people.session import signed_in
from rewards.approvals.forms import HandingForm
from rewards.approvals.pages import render_offer
from rewards.offers import handing
from rewards.offers.models import Offer

VERBS = {"deliver": handing.deliver, "accept": handing.accept, "decline": handing.decline}
SAID = {"deliver": "Noted as delivered.", "accept": "Noted as accepted.", "decline": "Noted as declined."}


@require_POST
def hand(request: HttpRequest, offer_id: int) -> HttpResponse:
    """Note that an offer was delivered, accepted or declined."""
    get_object_or_404(Offer, pk=offer_id)
    form = HandingForm(request.POST)
    if not form.is_valid():
        return render_offer(request, offer_id, forms_given={"handing_form": form}, status=422)
    action = form.cleaned_data["action"]
    try:
        VERBS[action](offer_id, note=form.cleaned_data["note"], acting_user=signed_in(request))
    except DomainError as refusal:
        words, given = str(refusal), {"handing_form": form}
        return render_offer(request, offer_id, forms_given=given, refusal=words, status=refusal.status)
    return render_offer(request, offer_id, announce=SAID[action])
