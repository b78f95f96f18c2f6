"""How a source signs its webhooks: the addresses that it sends to, and its signing secrets. Administrators only."""

from dataclasses import dataclass
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.http import require_POST

from accounts.sources.forms import SigningForm
from accounts.sources.models import Source, SourceSecret
from accounts.sources.pages import administrator
from accounts.sources.queries import working_secrets
from accounts.sources.rules import SCHEME_LABELS, Scheme
from accounts.sources.secrets import keep_secret, make_secret, revoke_secret
from loyalty.core.errors import DomainError
from loyalty.core.people.models import User
from loyalty.core.showing import keep_to_show, show_once

# A higher room answers there, so this one knows the paths and not the pages. They are a contract and stay.
ADDRESSES = {
    Scheme.STANDARD: "/webhooks/{source_id}",
    Scheme.STRIPE: "/webhooks/stripe/{source_id}",
    Scheme.HUBSPOT: "/webhooks/hubspot/{source_id}",
    Scheme.ZENDESK: "/webhooks/zendesk/{source_id}",
}


@dataclass(frozen=True)
class Way:
    """One scheme as the page shows it."""

    label: str
    address: str
    secrets: list[SourceSecret]


def signing(request: HttpRequest, source_id: int) -> HttpResponse:
    """The addresses and secrets; a secret that we made is shown this once."""
    user, source = administrator(request), get_object_or_404(Source, pk=source_id)
    form = SigningForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            _set(request, source, *form.asked(), user)
        except DomainError as refused:
            form.add_error("secret", str(refused))
        else:
            return redirect("source-signing", source_id=source.pk)
    context: dict[str, Any] = {"source": source, "form": form, "ways": _ways(request, source)}
    context["made"] = show_once(request, f"secret of source {source.pk}", now=timezone.now())
    response = render(request, "accounts/sources/signing.html", context, status=422 if form.errors else 200)
    response["Cache-Control"] = "no-store"
    return response


def _set(request: HttpRequest, source: Source, scheme: Scheme, given: str, user: User) -> None:
    """Keep the secret that was given, or make one for the next page to show."""
    if given:
        keep_secret(source, scheme, given, acting_user=user)
        messages.success(request, f"The secret …{given[-4:]} is set. It is not shown again.")
    else:
        made = make_secret(source, scheme, acting_user=user)
        keep_to_show(request, f"secret of source {source.pk}", made, now=timezone.now())


@require_POST
def revoke(request: HttpRequest, secret_id: int) -> HttpResponse:
    """Let a secret work no longer."""
    user = administrator(request)
    secret = get_object_or_404(SourceSecret.objects.select_related("source"), pk=secret_id)
    try:
        revoke_secret(secret, acting_user=user)
    except DomainError as refused:
        messages.warning(request, str(refused))
    else:
        messages.success(request, f"The secret …{secret.hint} works no longer.")
    return redirect("source-signing", source_id=secret.source_id)


def _ways(request: HttpRequest, source: Source) -> list[Way]:
    kept = working_secrets(source, now=timezone.now())
    return [
        Way(
            label=SCHEME_LABELS[scheme],
            address=request.build_absolute_uri(path.format(source_id=source.pk)),
            secrets=[secret for secret in kept if secret.scheme == scheme.value],
        )
        for scheme, path in ADDRESSES.items()
    ]
