"""Making and editing a segment, at /segments/new/ and /segments/<id>/edit/.

`?from=ID` begins a new one with the values of another; `?restore=VERSION`
begins an edit with those of an earlier version, `?change=ID` with those of a
proposal that is to be written anew.
"""

from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_http_methods

from accounts.segments import verbs
from accounts.segments.changing import KIND
from accounts.segments.forms import NewSegmentForm, SegmentForm
from accounts.segments.models import Segment
from accounts.segments.queries import active_count
from accounts.segments.rules import SegmentStatus, too_many_warning
from loyalty.core.changes.handing_in import hand_in, written_anew
from loyalty.core.changes.queries import pending_for
from loyalty.core.chips import id_in
from loyalty.core.errors import DomainError
from loyalty.core.people.models import User
from loyalty.core.people.rules import Function
from loyalty.core.people.session import signed_in


@require_http_methods(["GET", "POST"])
def new(request: HttpRequest) -> HttpResponse:
    """Make a draft, from nothing or as a copy."""
    copied = Segment.objects.filter(pk=id_in(request.GET, "from")).first()
    initial = {**verbs.values_of(copied), "name": f"{copied.name[:110]} (copy)"} if copied else None
    form = NewSegmentForm(request.POST or None, initial=initial)
    context: dict[str, Any] = {"form": form, "copied": copied}
    if request.method != "POST" or not form.is_valid():
        return render(request, "accounts/segments/new.html", context, status=422 if form.errors else 200)
    try:
        made = verbs.create_segment(form.cleaned_data, acting_user=signed_in(request))
    except DomainError as refusal:
        context["refusal"] = str(refusal)
        return render(request, "accounts/segments/new.html", context, status=refusal.status)
    messages.success(request, "Draft made. Nobody is in it until it goes live.")
    return redirect("segment", made.pk)


@require_http_methods(["GET", "POST"])
def edit(request: HttpRequest, segment_id: int) -> HttpResponse:
    """Save what is not live; propose everything else; or write a proposal anew."""
    found, user = get_object_or_404(Segment, pk=segment_id), signed_in(request)
    anew = written_anew(request.GET, KIND, found.pk)
    version = 0 if anew else id_in(request.GET, "restore")
    restored = _restored(found, version)
    initial = anew or restored or verbs.values_of(found)
    form = _form(found, user, initial=initial) if request.method != "POST" else _form(found, user, data=request.POST)
    context = {"segment": found, "form": form, "pending": pending_for(KIND, found.pk)}
    context |= {"restores": version if restored else 0}
    context |= {"applies_at_once": _applies_at_once(found, user) and not form.rewrites}
    context |= {"warning": _warning(found)}
    if request.method != "POST" or not form.is_valid():
        return render(request, "accounts/segments/edit.html", context, status=422 if form.errors else 200)
    try:
        return hand_in(request, KIND, segment_id, form.values, form.cleaned_data, back=("segment", segment_id))
    except DomainError as refusal:
        context["refusal"] = str(refusal)
        return render(request, "accounts/segments/edit.html", context, status=refusal.status)


def _restored(found: Segment, version: int) -> dict[str, Any] | None:
    """The values of an earlier version, to be proposed again with the reason; its status stays that of now."""
    kept = found.versions.filter(version=version).first() if version else None
    if kept is None:
        return None
    now = verbs.values_of(found)
    values = {field: getattr(kept, field) for field in now if field != "status"}
    return {**now, **values, "reason": f"Back to version {version}: "}


def _applies_at_once(found: Segment, user: User) -> bool:
    return found.status != SegmentStatus.LIVE.value and Function.CS in user.functions


def _warning(found: Segment) -> str | None:
    """That there would be too many, were this one made live."""
    return None if found.status == SegmentStatus.LIVE.value else too_many_warning(active_count() + 1)


def _form(found: Segment, user: User, **given: Any) -> SegmentForm:
    return SegmentForm(
        was_live=found.status != SegmentStatus.DRAFT.value,
        needs_reason=not _applies_at_once(found, user),
        before=found.rule,
        **given,
    )
