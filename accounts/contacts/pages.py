"""One contact at /accounts/contacts/<id>/: who they are, what they let us see, and what CS says of them."""

from typing import Any

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse, StreamingHttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from accounts.contacts import erasure, queries, quiz, verbs
from accounts.contacts.export import export_contact
from accounts.contacts.forms import ConsentForm, ErasureForm, RoleForm
from accounts.privacy.queries import history
from accounts.privacy.verbs import record_consent
from accounts.records.models import Contact
from accounts.records.rules import ContactRole
from loyalty.core.charts.sparkline import sparkline
from loyalty.core.errors import DomainError, NotAllowed
from loyalty.core.figures import day_text, number_text
from loyalty.core.people.rules import Function
from loyalty.core.people.session import signed_in
from loyalty.core.showing import keep_to_show, show_once


@require_GET
@never_cache
def contact(request: HttpRequest, contact_id: int) -> HttpResponse:
    """All that is known of one contact; a link to the quiz that was just made is shown this once."""
    token = show_once(request, f"quiz link of contact {contact_id}", now=timezone.now())
    link = request.build_absolute_uri(reverse("quiz", args=[token])) if token else ""
    return show(request, found(contact_id), quiz_link=link)


@require_POST
def role(request: HttpRequest, contact_id: int) -> HttpResponse:
    """Make the contact champion or economic buyer, or neither."""
    chosen, form = found(contact_id), RoleForm(request.POST)
    if not form.is_valid():
        return show(request, chosen, status=422)
    wanted = ContactRole(form.cleaned_data["role"])
    try:
        verbs.set_role(chosen, wanted, acting_user=signed_in(request))
        messages.success(request, f"{chosen} is {verbs.words(wanted)} now.")
    except DomainError as refused:
        tell(request, refused)
    return redirect("contact", contact_id)


@require_POST
def consent(request: HttpRequest, contact_id: int) -> HttpResponse:
    """Write down what the contact told us of consent."""
    chosen, form = found(contact_id), ConsentForm(request.POST)
    if not form.is_valid():
        return show(request, chosen, status=422, consent_form=form)
    asked = {"granted": form.cleaned_data["granted"] == "yes", "policy_version": form.cleaned_data["policy_version"]}
    try:
        record_consent(chosen, **asked, now=timezone.now(), acting_user=signed_in(request))
        messages.success(request, "Written down. It holds from now on.")
    except DomainError as refused:
        tell(request, refused)
    return redirect("contact", contact_id)


@require_POST
def quiz_link(request: HttpRequest, contact_id: int) -> HttpResponse:
    """Make a link to the quiz; the page of the contact shows it, this once."""
    try:
        token = quiz.make_link(found(contact_id), acting_user=signed_in(request))
        keep_to_show(request, f"quiz link of contact {contact_id}", token, now=timezone.now())
    except DomainError as refused:
        tell(request, refused)
    return redirect("contact", contact_id)


@require_http_methods(["GET", "POST"])
@never_cache
def erase(request: HttpRequest, contact_id: int) -> HttpResponse:
    """Say what erasing will do, and do it once it is confirmed."""
    chosen, form = found(contact_id), ErasureForm(request.POST or None)
    try:
        erasure.check_may_handle(signed_in(request))
        if request.method == "POST" and form.is_valid():
            erasure.erase(chosen, acting_user=signed_in(request))
            messages.success(request, "Erased. Nothing that names them is kept.")
            return redirect("contact", contact_id)
    except DomainError as refused:
        tell(request, refused)
        return redirect("contact", contact_id)
    status = 422 if request.method == "POST" else 200
    return render(request, "accounts/contacts/erase.html", {"contact": chosen, "form": form}, status=status)


@require_GET
@never_cache
def export(request: HttpRequest, contact_id: int) -> StreamingHttpResponse:
    """All that is held on the contact, as a file of JSON."""
    try:
        held = export_contact(found(contact_id), acting_user=signed_in(request))
    except DomainError as refused:
        raise PermissionDenied(str(refused)) from refused
    response = StreamingHttpResponse(held, content_type="application/json")
    response["Content-Disposition"] = f'attachment; filename="contact-{contact_id}.json"'
    return response


def found(contact_id: int) -> Contact:
    """The contact of the address. Raises Http404."""
    contact = queries.contact_of(contact_id)
    if contact is None:
        raise Http404("There is no such contact.")
    return contact


def tell(request: HttpRequest, refused: DomainError) -> None:
    """Say why not: on the next page, or with the page for what a person may not do (403)."""
    if isinstance(refused, NotAllowed):
        raise PermissionDenied(str(refused)) from refused
    messages.warning(request, str(refused))


def show(request: HttpRequest, contact: Contact, *, status: int = 200, **more: Any) -> HttpResponse:
    """The page of a contact; without their consent nothing that they did is on it."""
    user = signed_in(request)
    context: dict[str, Any] = {
        "contact": contact,
        "erasure": getattr(contact, "erasure", None),
        "consents": getattr(contact, "consents_now", None),
        "history": history(contact),
        "is_cs": Function.CS in user.functions,
        "may_erase": Function.CS in user.functions or user.is_administrator,
        "consent_form": ConsentForm(),
        "quiz": queries.quiz_answer(contact),
    }
    if context["consents"]:
        context |= _behaviour(contact)
    return render(request, "accounts/contacts/contact.html", context | more, status=status)


def _behaviour(contact: Contact) -> dict[str, Any]:
    day = timezone.now().date()
    use = queries.events_a_day(contact, day)
    return {
        "use": queries.use_of(contact, day),
        "use_picture": sparkline([events for _, events in use], "Events a day in 90 days"),
        "use_heads": ["Day", "Events"],
        "use_rows": [(day_text(on), number_text(events)) for on, events in reversed(use)],
        "events": queries.latest_events(contact),
        "answers": queries.answers(contact),
    }
