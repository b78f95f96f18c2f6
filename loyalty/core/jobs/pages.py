"""Long work at /jobs/: how far it is, what came of it, and taking it back."""

from typing import Any

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.http import require_GET, require_POST

from loyalty.core.chips import Chip, address, chip, chosen
from loyalty.core.csv import csv_response, wants_csv
from loyalty.core.doorbell.seen import missing_since
from loyalty.core.doorbell.waiting import oldest_waiting
from loyalty.core.errors import DomainError
from loyalty.core.jobs import queries, verbs
from loyalty.core.jobs.models import Job
from loyalty.core.jobs.nights import night_told
from loyalty.core.jobs.rules import JobState
from loyalty.core.keyset import page_of
from loyalty.core.people.session import signed_in


@require_GET
def jobs(request: HttpRequest) -> HttpResponseBase:
    """Every job, the newest first."""
    query = request.GET
    state, kind = chosen(query, "state", JobState), chosen(query, "kind", (name for name, _ in queries.kinds()))
    rows = queries.listed(state, kind)
    if wants_csv(request):
        return csv_response("jobs", queries.CSV_HEADER, queries.csv_rows(rows), acting_user=signed_in(request))
    page, now = page_of(rows, queries.SORTED_BY, query), timezone.now()
    context = {
        "page": page,
        "rows": [(job, queries.label_of(job)) for job in page.rows],
        "chips": _chips(request),
        "csv_url": address(query, format="csv"),
        "is_filtered": bool(state or kind),
        "worker_missing_since": missing_since(now),
        "waiting": oldest_waiting(now),
        "night": None if state or kind or query.get("after") else night_told(),
    }
    return render(request, "core/jobs/page.html", context)


@require_GET
def job(request: HttpRequest, job_id: int) -> HttpResponse:
    """One job with its progress bar, and what came of it."""
    found = get_object_or_404(Job.objects.select_related("started_by"), pk=job_id)
    context: dict[str, Any] = {"row": found, "kind": queries.label_of(found), "figures": queries.figures_of(found)}
    context |= {"job": queries.progress_of(found), "made_url": queries.url_of(found)}
    context["may_cancel"] = verbs.may_cancel(found, signed_in(request)) and not found.cancel_asked
    return render(request, "core/jobs/job.html", context)


@require_GET
def job_progress(request: HttpRequest, job_id: int) -> HttpResponse:
    """The progress bar alone, polled; once the job has finished the page around it is loaded anew."""
    found = get_object_or_404(Job, pk=job_id)
    may_cancel = verbs.may_cancel(found, signed_in(request)) and not found.cancel_asked
    context = {"row": found, "job": queries.progress_of(found), "may_cancel": may_cancel}
    response = render(request, "core/jobs/_progress.html", context)
    if found.is_finished:
        response["HX-Refresh"] = "true"
    return response


@require_POST
def cancel(request: HttpRequest, job_id: int) -> HttpResponse:
    """Take a job back."""
    try:
        cancelled = verbs.cancel_job(job_id, acting_user=signed_in(request))
    except Job.DoesNotExist as missing:
        raise Http404 from missing
    except DomainError as refused:
        messages.warning(request, str(refused))
    else:
        messages.success(request, "Cancelled." if cancelled.is_finished else "It stops after the step at hand.")
    return redirect("job", job_id)


def _chips(request: HttpRequest) -> list[Chip]:
    query = request.GET
    states = [chip(query, "state", state.value, state.value.capitalize()) for state in JobState]
    return states + [chip(query, "kind", name, label) for name, label in queries.kinds()]
