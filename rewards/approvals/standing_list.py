"""What stands above and in the list of the queue, for its page and for what has to move with a decision."""

from typing import Any
from urllib.parse import urlsplit

from django.http import HttpRequest, QueryDict
from django.urls import reverse

from loyalty.core.chips import Chip, address, chip
from loyalty.core.keyset import page_of
from loyalty.core.people.models import User
from loyalty.core.people.session import signed_in
from rewards.approvals import listing
from rewards.approvals.counting import view_counts
from rewards.approvals.forms import ViewForm
from rewards.approvals.saved import views_for
from rewards.catalogue.queries import reward_kinds, rewarding_campaigns
from rewards.catalogue.rules import KINDS
from rewards.offers.ranking import HEALTH


def queue_in(request: HttpRequest) -> QueryDict | None:
    """The address of the queue that the person stands on while a fragment is asked for; None anywhere else."""
    current = urlsplit(request.headers.get("HX-Current-URL", ""))
    return QueryDict(current.query) if current.path == reverse("offers") else None


def beside_list(request: HttpRequest) -> dict[str, Any]:
    """After something was done with an offer: what else on the page has to move with it."""
    query = queue_in(request)
    if query is None:
        return {"fresh_row": True}
    return {"fresh_row": True, "in_queue": True} | head_of(query, signed_in(request))


def head_of(query: QueryDict, user: User) -> dict[str, Any]:
    """What stands above the list: the sums of what waits, the views with their counts, filters and saved views."""
    filters, counts = listing.filters_from(query, user), view_counts(user)
    views = [
        Chip(label, f"?view={name}", name == filters.view, min(counts[name], listing.COUNTED_TO),
             is_more=counts[name] > listing.COUNTED_TO)
        for name, label in listing.VIEWS.items()
    ]  # fmt: skip
    return {
        "view": filters.view,
        "chips": views,
        "summary": listing.summary_of(filters.view, user),
        "csv_url": address(query, view=filters.view, format="csv"),
    }


def list_of(query: QueryDict, user: User) -> dict[str, Any]:
    """One page of the list, with why each offer stands where it does."""
    filters = listing.filters_from(query, user)
    rows = listing.listed(filters, user).only(*listing.SHOWN)
    page = page_of(rows, filters.fields, query, size=listing.PAGE_SIZE)
    return {
        "view": filters.view,
        "page": page,
        "rows": [(row, listing.why_here(row)) for row in page.rows],
        "here": address(query, view=filters.view),
        "is_open": filters.view not in listing.ENDED,
    }


def filters_of(query: QueryDict, user: User) -> dict[str, Any]:
    """The filters below the views, the sort, and the views that people keep."""
    filters = listing.filters_from(query, user)
    here = address(query, view=filters.view)
    chips = [chip(query, "due", "today", "Due today")]
    chips += [chip(query, "health", word, _health(word)) for word in HEALTH if word != "unknown"]
    narrowed = any((filters.text, filters.campaign, filters.kind, filters.health, filters.due))
    return {
        "filters": filters,
        "filter_chips": chips,
        "sorts": listing.SORT_LABELS.items() if filters.view not in listing.ENDED else (),
        "campaigns": rewarding_campaigns(),
        "kinds": [(kind, KINDS[kind].label) for kind in reward_kinds() if kind in KINDS],
        "kept": {name: query[name] for name in ("health", "due") if name in query} | {"view": filters.view},
        "saved_views": views_for(user, here),
        "view_form": ViewForm(auto_id="view_%s", initial={"query": here}),
        "narrowed": narrowed,
        "all_url": f"?view={filters.view}",
    }


def _health(word: str) -> str:
    return {"leaving": "Asked to cancel", "poor": "Poor health", "good": "Good health"}[word]
