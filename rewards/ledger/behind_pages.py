"""Behind each figure of /liability/: the postings that moved it at …/moved/, the lots that hold it at …/left/."""

from datetime import date
from typing import Any

from dateutil.relativedelta import relativedelta
from django.conf import settings
from django.http import Http404, HttpRequest, QueryDict
from django.http.response import HttpResponseBase
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_GET

from accounts.segments.models import Segment
from accounts.tiers.models import Tier
from loyalty.core.csv import csv_response, wants_csv
from loyalty.core.figures import month_text
from loyalty.core.keyset import page_of
from loyalty.core.people.session import signed_in
from rewards.catalogue.models import Reward
from rewards.ledger.behind import LEFT_HEADER, MOVED_HEADER, Figure, Left, Moved
from rewards.ledger.queries import months_until
from rewards.ledger.snapshot import one_snapshot
from rewards.ledger.standing import campaign_names

NONE_KNOWN = "none known on the day of issue"
LARGEST_ID = 2**63


@require_GET
def moved(request: HttpRequest) -> HttpResponseBase:
    """The postings of one figure in one month, or in the months that the page of the liability shows."""
    behind = _moved(request.GET)
    if wants_csv(request):
        name = f"liability-{behind.figure}-{behind.since:%Y-%m}"
        return csv_response(name, MOVED_HEADER, behind.csv_rows(), acting_user=signed_in(request))
    with one_snapshot():
        page = page_of(behind.rows(), ["-booked_on", "-id"], request.GET)
        context: dict[str, Any] = {"behind": behind, "page": page, "total": behind.total()}
    last = behind.until - relativedelta(months=1)
    one = month_text(behind.since)
    context["when"] = one if last == behind.since else f"{one} to {month_text(last)}"
    context["csv_url"] = _csv(request.GET)
    return render(request, "rewards/ledger/moved.html", context)


@require_GET
def left(request: HttpRequest) -> HttpResponseBase:
    """The lots of which something is left: all, or those of one campaign, reward, tier, segment, month of expiry."""
    behind = _left(request.GET)
    if wants_csv(request):
        return csv_response("credits-left", LEFT_HEADER, behind.csv_rows(), acting_user=signed_in(request))
    with one_snapshot():
        rows = behind.rows().select_related("account", "grant__offer__campaign")
        page = page_of(rows, ["expires_on", "id"], request.GET)
        context: dict[str, Any] = {"behind": behind, "page": page, "total": behind.total()}
        context["ahead"] = behind.ahead() if behind.is_all else None
    context |= {"words": _words(behind), "csv_url": _csv(request.GET)}
    context["at"] = month_text(behind.until - relativedelta(days=1)) if behind.until else ""
    if context["ahead"]:
        context["owed"] = context["total"] - context["ahead"]
    return render(request, "rewards/ledger/left.html", context)


def _moved(query: QueryDict) -> Moved:
    try:
        figure = Figure(query.get("figure", Figure.ISSUED.value))
    except ValueError as wrong:
        raise Http404("The roll-forward has no such figure.") from wrong
    month, shown = _month(query, "month"), months_until(timezone.now().date())
    since, last = (month, month) if month else (shown[0], shown[-1])
    return Moved(figure, _currency(query), since, last + relativedelta(months=1))


def _left(query: QueryDict) -> Left:
    month = _month(query, "month")
    return Left(
        currency=_currency(query),
        until=month + relativedelta(months=1) if month else None,
        expires_in=_month(query, "expires"),
        campaign=_id(query, "campaign"),
        reward=_id(query, "reward"),
        tier=query.get("tier"),
        segment=query.get("segment"),
    )


def _currency(query: QueryDict) -> str:
    return query.get("currency", "")[:3] or settings.REPORTING_CURRENCY


def _month(query: QueryDict, name: str) -> date | None:
    """A month of the address as its first day; none when nothing is asked for. Raises Http404 for what is none."""
    if not query.get(name):
        return None
    try:
        return date.fromisoformat(f"{query[name]}-01")
    except ValueError as wrong:
        raise Http404("There is no such month.") from wrong


def _id(query: QueryDict, name: str) -> int | None:
    asked = query.get(name, "")
    if asked and not (asked.isascii() and asked.isdecimal() and int(asked) < LARGEST_ID):
        raise Http404(f"There is no such {name}.")
    return int(asked) if asked else None


def _csv(query: QueryDict) -> str:
    asked = query.copy()
    for name in ("after", "before"):
        asked.pop(name, None)
    asked["format"] = "csv"
    return f"?{asked.urlencode()}"


def _words(behind: Left) -> list[tuple[str, str]]:
    """What the lots have in common, as label and name."""
    told = []
    if behind.campaign is not None:
        told.append(("Campaign", campaign_names([behind.campaign]).get(behind.campaign, "No such campaign")))
    if behind.reward is not None:
        name = Reward.objects.filter(pk=behind.reward).values_list("name", flat=True).first()
        told.append(("Reward", name or "No such reward"))
    if behind.tier is not None:
        tiers = Tier.objects.filter(key=behind.tier).values_list("name", flat=True)
        told.append(("Tier on the day of issue", tiers.first() or behind.tier or NONE_KNOWN))
    if behind.segment is not None:
        segments = Segment.objects.filter(key=behind.segment).values_list("name", flat=True)
        told.append(("Segment on the day of issue", segments.first() or behind.segment or NONE_KNOWN))
    if behind.expires_in is not None:
        told.append(("Expires in", month_text(behind.expires_in)))
    return told
