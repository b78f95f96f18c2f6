"""The page on which CS adds an account, at /accounts/new/."""

from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods

from accounts.book.forms import NewAccountForm
from accounts.book.verbs import add_account
from accounts.sources.queries import record_of
from accounts.sources.rules import Kind
from loyalty.core.errors import DomainError, NotAllowed
from loyalty.core.people.permissions import check_member
from loyalty.core.people.rules import Function
from loyalty.core.people.session import signed_in


@require_http_methods(["GET", "POST"])
def new_account(request: HttpRequest) -> HttpResponse:
    """Add an account by hand, unless a source tells of accounts."""
    user, form = signed_in(request), NewAccountForm(request.POST or None)
    try:
        check_member(user, Function.CS)
        if request.method == "POST" and form.is_valid():
            return redirect("account", add_account(**form.cleaned_data, acting_user=user).pk)
    except NotAllowed as refused:
        raise PermissionDenied(str(refused)) from refused
    except DomainError as refused:
        form.add_error(None, str(refused))
    status = 422 if request.method == "POST" else 200
    return render(request, "accounts/book/new.html", {"form": form, "record": record_of(Kind.ACCOUNT)}, status=status)
