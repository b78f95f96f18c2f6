"""Files in the browser at /events/import/: upload, look, say what the columns are, have them taken in."""

import json
import re
from collections.abc import Iterator
from decimal import Decimal
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_GET, require_POST

from accounts.intake.files import uploads
from accounts.intake.files.forms import UploadForm, told_columns
from accounts.intake.files.models import FileUpload
from accounts.intake.files.preview import header_of, preview_of
from accounts.intake.files.rules import IMPORTED_BY, may_import
from accounts.sources.rules import KIND_LABELS, Kind
from loyalty.core.csv import csv_response
from loyalty.core.errors import DomainError
from loyalty.core.jobs.queries import progress_of
from loyalty.core.jobs.verbs import may_cancel
from loyalty.core.keyset import page_of
from loyalty.core.people.models import User
from loyalty.core.people.rules import FUNCTION_LABELS
from loyalty.core.people.session import signed_in

NUMBER_BELOW_ZERO = re.compile(r"-[0-9]{1,30}([.][0-9]{1,30})?")


def imports(request: HttpRequest) -> HttpResponse:
    """Upload a file; and the files so far, the newest first."""
    user = signed_in(request)
    form = UploadForm(request.POST or None, request.FILES or None).offer(_kinds_of(user))
    if request.method == "POST" and form.is_valid():
        file = form.cleaned_data["file"]
        try:
            upload = uploads.keep_upload(form.asked_kind(), file.name, file.chunks(), acting_user=user)
        except DomainError as refused:
            form.add_error("file", str(refused))
        else:
            return redirect("import", upload.pk)
    page = page_of(FileUpload.objects.select_related("uploaded_by", "job"), ("-id",), request.GET)
    context = {"form": form, "page": page, "may_upload": bool(_kinds_of(user)), "owners": _owners()}
    return render(request, "accounts/intake/files/page.html", context, status=422 if form.errors else 200)


@require_GET
def an_import(request: HttpRequest, upload_id: int) -> HttpResponse:
    """One file: what would become of it, or how far its import is and what came of it."""
    return _render(request, _upload(upload_id))


@require_POST
def start(request: HttpRequest, upload_id: int) -> HttpResponse:
    """Have the file taken in with the columns as said; or only look again, and keep nothing."""
    upload = _upload(upload_id)
    columns = told_columns(request.POST, header_of(upload))
    if "look" in request.POST:
        return _render(request, upload, columns=columns)
    try:
        job = uploads.start_import(upload_id, columns, acting_user=signed_in(request))
    except DomainError as refused:
        return _render(request, upload, columns=columns, refusal=str(refused), status=refused.status)
    return redirect("job", job.pk)


@require_POST
def discard(request: HttpRequest, upload_id: int) -> HttpResponse:
    """Forget a file that has not been taken in."""
    upload = _upload(upload_id)
    try:
        uploads.discard_upload(upload_id, acting_user=signed_in(request))
    except DomainError as refused:
        return _render(request, upload, refusal=str(refused), status=refused.status)
    messages.success(request, f"{upload.name} is forgotten.")
    return redirect("imports")


@require_GET
def refused(request: HttpRequest, upload_id: int) -> HttpResponseBase:
    """The refused rows with their reasons, for mending and importing again."""
    upload = _upload(upload_id)
    header = ["line", "reason", *upload.header]
    return csv_response(f"{upload.name}.refused", header, _refused_rows(upload), acting_user=signed_in(request))


def _upload(upload_id: int) -> FileUpload:
    return get_object_or_404(FileUpload.objects.select_related("uploaded_by", "job__started_by"), pk=upload_id)


def _render(
    request: HttpRequest,
    upload: FileUpload,
    *,
    columns: dict[str, str] | None = None,
    refusal: str = "",
    status: int = 200,
) -> HttpResponse:
    user, kind, job = signed_in(request), Kind(upload.kind), upload.job
    context: dict[str, Any] = {"upload": upload, "kind": KIND_LABELS[kind], "refusal": refusal}
    context["may_import"] = may_import(kind, user.functions, is_administrator=user.is_administrator)
    context["owner"] = FUNCTION_LABELS[IMPORTED_BY[kind]]
    if job is None:
        context["preview"] = preview_of(upload, columns)
    else:
        context |= {"row": job, "job": progress_of(job), "refused_rows": upload.refusals.count()}
        context["may_cancel"] = may_cancel(job, user) and not job.cancel_asked
    return render(request, "accounts/intake/files/import.html", context, status=status)


def _refused_rows(upload: FileUpload) -> Iterator[list[object]]:
    for row in upload.refusals.all().iterator(chunk_size=2000):
        yield [row.line, row.reason, *map(_as_it_came, json.loads(row.raw))]


def _as_it_came(text: str) -> object:
    """The cell; a number below zero as a number, since text with a minus would be taken for a formula."""
    return Decimal(text) if NUMBER_BELOW_ZERO.fullmatch(text) else text


def _kinds_of(user: User) -> list[tuple[str, str]]:
    allowed = (k for k in Kind if may_import(k, user.functions, is_administrator=user.is_administrator))
    return [(kind.value, KIND_LABELS[kind]) for kind in allowed]


def _owners() -> list[tuple[str, str]]:
    return [(KIND_LABELS[kind], FUNCTION_LABELS[function]) for kind, function in IMPORTED_BY.items()]
