"""The inbox at /inbox/, and how one is told at /settings/notices/."""

from django.conf import settings
from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from loyalty.core.chips import Chip, address, chosen, id_in
from loyalty.core.csv import csv_response, wants_csv
from loyalty.core.errors import DomainError
from loyalty.core.keyset import page_of
from loyalty.core.notices import choosing, queries, verbs
from loyalty.core.notices.forms import ChoiceForm
from loyalty.core.notices.models import Notice
from loyalty.core.people.session import signed_in


@require_GET
def inbox(request: HttpRequest) -> HttpResponseBase:
    """What the person was told, newest first."""
    user, query = signed_in(request), request.GET
    view = chosen(query, "view", queries.VIEWS)
    rows = queries.inbox(user, view)
    if wants_csv(request):
        return csv_response("inbox", queries.CSV_HEADER, queries.csv_rows(rows), acting_user=user)
    page = page_of(rows, queries.SORTED_BY, query)
    context = {
        "page": page,
        "unread": queries.unread_count(user),
        "newest": queries.newest_id(user),
        "chips": [Chip(label, address(query, view=name), name == view) for name, label in queries.VIEWS.items()],
        "csv_url": address(query, format="csv"),
        "view": view,
    }
    return render(request, "core/notices/inbox.html", context)


@require_POST
def read(request: HttpRequest, notice_id: int) -> HttpResponse:
    """Note that a notice was read, and go where it leads."""
    try:
        notice = verbs.mark_read(notice_id, acting_user=signed_in(request))
    except Notice.DoesNotExist as missing:
        raise Http404 from missing
    return redirect(notice.url)


@require_POST
def read_all(request: HttpRequest) -> HttpResponse:
    """Note that everything up to the notice that was the newest on the page was read."""
    count = verbs.mark_all_read(acting_user=signed_in(request), up_to=id_in(request.POST, "up_to"))
    words = "Nothing was unread." if not count else f"{count} notice{'' if count == 1 else 's'} marked as read."
    messages.success(request, words)
    return redirect("inbox")


@require_http_methods(["GET", "POST"])
def choice(request: HttpRequest) -> HttpResponse:
    """How the person is told: by which ways, and how soon."""
    user = signed_in(request)
    kept = choosing.choice_of(user)
    stands = {
        "email_pace": kept.email_pace,
        "slack_pace": kept.slack_pace,
        "digest_hour": kept.digest_hour,
    }
    form = ChoiceForm(request.POST or None, initial=stands)
    status = 200
    if request.method == "POST":
        status = 422
        if form.is_valid():
            try:
                choosing.choose(form.wanted, acting_user=user)
            except DomainError as refused:
                form.add_error(None, str(refused))
            else:
                messages.success(request, "Kept. It holds for what waits, too.")
                return redirect("settings-notices")
    context = {
        "form": form,
        "kept": kept,
        "person": user,
        "mail_is_set_up": settings.MAIL_IS_SET_UP,
        "zone": settings.COMPANY_TIME_ZONE,
        "letters": queries.last_letters(user),
    }
    return render(request, "core/notices/choice.html", context, status=status)
