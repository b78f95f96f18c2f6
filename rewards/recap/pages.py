"""The value recap of one account at /accounts/<id>/recap/: to read, to print, to send."""

from typing import Any
from urllib.parse import quote

from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.utils import timezone
from django.views.decorators.http import require_GET

from accounts.privacy.queries import consenting_ids
from accounts.records.models import Account, Contact
from accounts.records.rules import ContactRole
from loyalty.core.audit.rules import AuditVerb
from loyalty.core.audit.verbs import record
from loyalty.core.people.session import signed_in
from rewards.offers.models import Offer
from rewards.offers.rules import OfferState
from rewards.recap.queries import counted
from rewards.recap.rules import letter, sentences, subject

# The kind of reward that this page is the content of.
KIND = "value_recap"
# A link to a letter that is longer than this is cut by mail programs.
LONGEST_LINK = 1900


@require_GET
def recap(request: HttpRequest, account_id: int) -> HttpResponse:
    """What this account would lose; `?format=txt` is the letter."""
    account = get_object_or_404(Account, pk=account_id)
    told = counted(account, timezone.now().date())
    if request.GET.get("format") == "txt":
        return _letter_file(request, account, letter(told))
    context: dict[str, Any] = {
        "account": account,
        "told": told,
        "subject": subject(told),
        "sentences": sentences(told),
        "letter": letter(told),
        "recipients": _recipients(account, subject(told), letter(told)),
        "offer": _offer_to_hand_over(account),
    }
    return render(request, "rewards/recap/page.html", context)


def _offer_to_hand_over(account: Account) -> Offer | None:
    """The recap that was approved and is not noted as delivered yet."""
    waiting = Offer.objects.filter(account=account, reward__kind=KIND, state=OfferState.APPROVED.value)
    return waiting.order_by("id").first()


def _letter_file(request: HttpRequest, account: Account, text: str) -> HttpResponse:
    name = f"value-recap-{timezone.now().date().isoformat()}.txt"
    record(
        AuditVerb.EXPORTED,
        acting_user=signed_in(request),
        object_type="account",
        object_id=account.pk,
        object_label=f"value recap of {account.name}",
    )
    response = HttpResponse(text, content_type="text/plain; charset=utf-8")
    response["Content-Disposition"] = f'attachment; filename="{name}"'
    response["Cache-Control"] = "no-store"
    return response


def _recipients(account: Account, about: str, text: str) -> list[dict[str, str]]:
    """The buyer first, who signs, then the champion: only those who consent, and have an address."""
    roles = {ContactRole.ECONOMIC_BUYER.value: "economic buyer", ContactRole.CHAMPION.value: "champion"}
    found = list(Contact.objects.filter(account=account, role__in=roles).exclude(email="").order_by("id"))
    willing = consenting_ids([contact.pk for contact in found])
    order = list(roles)
    named = sorted((c for c in found if c.pk in willing), key=lambda c: (order.index(c.role), c.pk))
    return [{"name": c.name or c.email, "role": roles[c.role], "link": _link(c.email, about, text)} for c in named]


def _link(address: str, about: str, text: str) -> str:
    whole = f"mailto:{quote(address)}?subject={quote(about)}&body={quote(text)}"
    return whole if len(whole) <= LONGEST_LINK else f"mailto:{quote(address)}?subject={quote(about)}"
