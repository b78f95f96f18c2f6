"""What the edit form of a room does with what was typed: it is saved, proposed, kept as a draft, or written anew."""

from collections.abc import Mapping
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, QueryDict
from django.shortcuts import redirect

from loyalty.core.changes.queries import proposal_of
from loyalty.core.changes.verbs import edit, propose_or_apply
from loyalty.core.chips import id_in
from loyalty.core.people.session import signed_in

DRAFT_BUTTON = "draft"
"""The name of the button that keeps the proposal as a draft: see templates/core/changes/_propose.html."""


def written_anew(query: QueryDict, kind: str, object_id: int) -> dict[str, Any] | None:
    """What a form of edit begins with when “change” in the query of its address names an open request about the object.

    The proposed values, and the “reason”, “change” and “digest” that `hand_in` takes; None when it names none.
    """
    anew = id_in(query, "change")
    found = proposal_of(anew, kind, object_id) if anew else None
    if found is None:
        return None
    values, reason, digest = found
    return {**values, "reason": reason, "change": anew, "digest": digest}


def hand_in(
    request: HttpRequest,
    kind: str,
    object_id: int,
    values: Mapping[str, Any],
    typed: Mapping[str, Any],
    *,
    back: tuple[Any, ...],
    saved: str = "Saved.",
) -> HttpResponse:
    """Hand in an edit and go on: to the request that it became, or, when it applied at once, to `back` with `saved`.

    `typed` is what the form says besides the values: the reason, and perhaps under “change” the request
    that it rewrites, whose terms were those of “digest”. `back` is what `redirect` takes. Raises
    DomainError when the edit makes no sense.
    """
    user, reason = signed_in(request), typed["reason"]
    if anew := typed.get("change"):
        return redirect("change", edit(anew, values, reason, digest=typed["digest"], acting_user=user).pk)
    as_draft = DRAFT_BUTTON in request.POST
    change = propose_or_apply(kind, object_id, values, reason, as_draft=as_draft, acting_user=user)
    if change is None:
        messages.success(request, saved)
        return redirect(*back)
    decides = f"A member of {change.get_owner_function_display()} who is not you decides it"
    messages.success(
        request, f"Kept as a draft. {decides} once you submit it." if as_draft else f"Proposed. {decides}."
    )
    return redirect("change", change.pk)
