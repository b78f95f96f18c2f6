"""The preference quiz at /quiz/<token>/: for contacts, without sign-in, on any phone."""

from django.conf import settings
from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods

from accounts.contacts import quiz
from accounts.contacts.forms import QuizForm
from accounts.contacts.queries import quiz_answer
from loyalty.core.errors import DomainError
from loyalty.core.people.pages import address_of


@login_not_required
@never_cache
@sensitive_post_parameters("goals")
@require_http_methods(["GET", "POST"])
def quiz_page(request: HttpRequest, token: str) -> HttpResponse:
    """Ask once, then thank."""
    now, contact = timezone.now(), quiz.contact_by(token)
    try:
        if contact is None or request.method == "POST":
            quiz.count_try(address_of(request), now=now)
        if contact is None:
            return _shown(request, status=404)
        if quiz_answer(contact):
            return _shown(request, thanks=True)
        form = QuizForm(request.POST or None)
        if request.method == "POST" and form.is_valid():
            quiz.answer(contact, form.asked(settings.PRIVACY_POLICY_VERSION), now=now)
            return _shown(request, thanks=True)
    except DomainError as refused:
        return _shown(request, status=refused.status, refusal=str(refused))
    return _shown(request, status=422 if request.method == "POST" else 200, form=form)


def _shown(request: HttpRequest, *, status: int = 200, **context: object) -> HttpResponse:
    """The page, which no search engine may list: its address is the key to it."""
    context["policy_version"] = settings.PRIVACY_POLICY_VERSION
    response = render(request, "accounts/contacts/quiz.html", context, status=status)
    response["X-Robots-Tag"] = "noindex, nofollow"
    # Nobody else learns the address; "no-referrer" would also take the origin away that the form is checked by.
    response["Referrer-Policy"] = "same-origin"
    return response
