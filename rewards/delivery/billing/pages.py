"""The way into billing at /settings/billing/: Finance connects Stripe there, and disconnects it."""

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods, require_POST

from loyalty.core.errors import DomainError, NotAllowed
from loyalty.core.people.permissions import check_member, is_member
from loyalty.core.people.rules import Function
from loyalty.core.people.session import signed_in
from rewards.delivery.billing import connecting
from rewards.delivery.billing.forms import KeyForm


@require_http_methods(["GET", "POST"])
def billing(request: HttpRequest) -> HttpResponse:
    """Whether Stripe is connected, by whom and how it goes; Finance connects it, or changes the key."""
    user, status = signed_in(request), 200
    form = KeyForm(request.POST or None)
    if request.method == "POST":
        try:
            check_member(user, Function.FINANCE)
        except NotAllowed as refused:
            raise PermissionDenied(str(refused)) from refused
        status = 422
        if form.is_valid():
            try:
                connecting.connect(form.cleaned_data["key"], acting_user=user)
            except DomainError as refused:
                form.add_error("key", str(refused))
            else:
                messages.success(request, "Stripe let us in. The key is kept encrypted, and is not shown again.")
                return redirect("billing")
    context = {
        "connection": connecting.connection_now(),
        "form": form,
        "may_connect": is_member(user, Function.FINANCE),
    }
    return render(request, "rewards/delivery/billing.html", context, status=status)


@require_POST
def forget(request: HttpRequest) -> HttpResponse:
    """Forget the key."""
    try:
        connecting.disconnect(acting_user=signed_in(request))
    except NotAllowed as refused:
        raise PermissionDenied(str(refused)) from refused
    except DomainError as refused:
        messages.warning(request, str(refused))
    else:
        messages.success(request, "Stripe is disconnected. What is on its way waits until it is connected again.")
    return redirect("billing")
