"""The accounts at /accounts/: the list, one beside it, and each account's page."""

from typing import Any

from django.conf import settings
from django.http import HttpRequest, HttpResponse, QueryDict
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404, render
from django.utils import timezone
from django.views.decorators.http import require_GET

from accounts.book import billing, queries, sheet
from accounts.book.forms import DayForm
from accounts.book.rules import FIRST_SORT, SORTS, direction, next_sort
from accounts.book.timeline import drawn_of, timeline
from accounts.contacts.queries import BY_ROLE, SHOWN_CONTACTS, at_account, roles
from accounts.facts.freshness import origins
from accounts.facts.models import AccountFacts
from accounts.facts.queries import facts_on, health_by, latest
from accounts.privacy.queries import consenting_ids
from accounts.records.models import Account
from accounts.records.rules import PlanSegment
from accounts.referrals.queries import of_account
from accounts.segments.causes import told_of_account
from accounts.sources.freshness import stale_sources
from accounts.sources.queries import record_of
from accounts.sources.rules import Kind
from accounts.streaks.strips import strips
from accounts.tiers.falling import by_account, falling, falling_ids
from accounts.tiers.models import Tier
from accounts.tiers.queries import moves as tier_moves
from accounts.tiers.queries import scheme_now
from accounts.tiers.warning import warning_of
from loyalty.core.charts.sparkline import sparkline
from loyalty.core.chips import address, chip, id_in
from loyalty.core.csv import csv_response, wants_csv
from loyalty.core.figures import day_text, number_text
from loyalty.core.keyset import page_of
from loyalty.core.people.rules import Function
from loyalty.core.people.session import signed_in

SHOWN_MOVES = 8
# Sort, words, and the classes of the column.
HEADS = (
    ("name", "Account", ""),
    ("", "Plan", ""),
    ("mrr", "MRR", "num"),
    ("utilisation", "Seats active of bought", "num wide"),
    ("renews", "Renews", ""),
    ("", "CS manager", "wide"),
    ("seen", "Last seen", "wide"),
)


@require_GET
def accounts(request: HttpRequest) -> HttpResponseBase:
    """The book: searched, filtered, sorted; the opened account beside."""
    query, user = request.GET, signed_in(request)
    sort = query.get("sort", "") if query.get("sort", "") in SORTS else FIRST_SORT
    text, mine = query.get("q", "").strip(), query.get("mine") == "yes"
    scheme = scheme_now()
    rows = queries.book(text, query.get("segment", ""), user if mine else None)
    if scheme and query.get("falling") == "yes":
        rows = rows.filter(pk__in=falling_ids(scheme.scheme))
    if wants_csv(request):
        ordered = rows.order_by(*SORTS[sort])
        cells = queries.csv_rows(ordered, by_account(falling(scheme.scheme)) if scheme else {})
        return csv_response("accounts", queries.CSV_HEADER, cells, acting_user=user)
    page = page_of(rows, SORTS[sort], query)
    warned = by_account(falling(scheme.scheme, account_ids=[row.pk for row in page.rows])) if scheme else {}
    context: dict[str, Any] = {
        "page": page,
        "lines": [queries.line_of(row, warned.get(row.pk)) for row in page.rows],
        "heads": [_head(query, sort, *head) for head in HEADS],
        "chips": [chip(query, "mine", "yes", "My book"), chip(query, "falling", "yes", "About to step down")]
        + [chip(query, "segment", s.value, s.value.replace("_", " ").capitalize()) for s in PlanSegment],
        "text": text,
        "kept": {name: query[name] for name in ("segment", "mine", "falling", "sort") if name in query},
        "csv_url": address(query, format="csv"),
        "here": address(query),
        "tab": "accounts",
        "may_add": Function.CS in user.functions and record_of(Kind.ACCOUNT) is None,
        "any_accounts": bool(page.rows) or Account.objects.exists(),
    }
    if opened := Account.objects.select_related("cs_manager").filter(pk=id_in(query, "open")).first():
        context |= _brief(opened)
    return render(request, "accounts/book/page.html", context)


@require_GET
def account(request: HttpRequest, account_id: int) -> HttpResponse:
    """One account: in brief beside the list, or a page with all that is known of it, as of a day."""
    found = get_object_or_404(Account.objects.select_related("cs_manager"), pk=account_id)
    if getattr(request, "htmx", False):
        return render(request, "accounts/book/_brief.html", _brief(found))
    return render(request, "accounts/book/account.html", _whole(found, request))


def _tier(found: Account, facts: AccountFacts | None) -> dict[str, Any]:
    """The tier that it held at the end of the day, and the step down that it is about to take."""
    scheme = scheme_now()
    if scheme is None or facts is None or not facts.tier:
        return {"tier": None}
    warned = falling(scheme.scheme, day=facts.day, account_ids=[found.pk])
    told: dict[str, Any] = {"tier": Tier.objects.filter(key=facts.tier).first()}
    return told | ({"falling": warned[0], "warning": warning_of(warned[0])} if warned else {})


def _head(query: QueryDict, sort: str, key: str, label: str, css: str) -> dict[str, str]:
    head = {"label": label, "css": css}
    return head | {"url": address(query, sort=next_sort(key, sort)), "direction": direction(key, sort)} if key else head


def _brief(found: Account) -> dict[str, Any]:
    facts = latest(found)
    day = facts.day if facts else timezone.now().date()
    unknown = sheet.unknown_now(sheet.newest_held(found, day)) if facts and facts.mrr is None else []
    told: dict[str, Any] = {
        "account": found,
        "facts": facts,
        "health": health_by(facts) if facts else None,
        "day": day,
        "unknown": unknown,
        "segments": sheet.segments_of(facts),
    }
    return told | {"reaches": sheet.reaches(found, day)[:5]} | _tier(found, facts) | _use(found, day)


def _whole(found: Account, request: HttpRequest) -> dict[str, Any]:
    first, last = sheet.days_with_facts(found)
    until = max(filter(None, [last, timezone.now().date()]))
    form = DayForm(request.GET, last=until)
    asked = form.cleaned_data["day"] if form.is_valid() else None
    facts = facts_on(found, asked) if asked else latest(found)
    day = asked or (facts.day if facts else timezone.now().date())
    sold = sheet.sold_to(found)
    page = page_of(sold, sheet.NEWEST_FIRST, request.GET, size=sheet.SHOWN_SUBSCRIPTIONS)
    held = sheet.held(page.rows, day)
    is_first = page.previous_url is None
    sold_count = len(held) if is_first and page.next_url is None else sold.count()
    contacts = at_account(found)
    return (
        {
            "account": found,
            "form": DayForm(initial={"day": day}, last=until) if form.is_valid() else form,
            "is_past": bool(asked and last and asked < last),
            "day": day,
            "first_day": first,
            "last_day": last,
            "facts": facts,
            "health": health_by(facts) if facts else None,
            "segments": sheet.segments_of(facts),
            "moves": told_of_account(found, day, SHOWN_MOVES),
            "tier_moves": tier_moves(found.pk).filter(day__lte=day)[:SHOWN_MOVES],
            "groups": sheet.facts_shown(facts, origins(found, day)) if facts else [],
            "held": held,
            "sold": page,
            "sold_shown": f"{number_text(len(held))} of {number_text(sold_count)} subscriptions, the newest first",
            "drawn": drawn_of(held, sold_count),
            "timeline": timeline(held, day, sold_count),
            "unknown": sheet.unknown_now(held if is_first else sheet.newest_held(found, day)),
            "strips": strips(found, day, facts.streaks if facts else {}, timezone.now()),
            "zone": found.time_zone or settings.COMPANY_TIME_ZONE,
            "changes": sheet.changes_of_mrr(found, day),
            "bills": billing.lines(found, day),
            "kept": billing.kept(found),
            "referrals": of_account(found, SHOWN_MOVES),
            "contacts": contacts.order_by(*BY_ROLE)[:SHOWN_CONTACTS],
            "contact_count": contacts.count(),
            "roles": roles(found, day),
            "stale": stale_sources(Kind, now=timezone.now()),
            "is_cs": Function.CS in signed_in(request).functions,
            "reaches": sheet.reaches(found, day),
            "events": (events := list(sheet.events(found, day))),
            "named": consenting_ids(event.contact_id for event in events if event.contact_id),
        }
        | _tier(found, facts)
        | _use(found, day)
    )


def _use(found: Account, day: Any) -> dict[str, Any]:
    use = sheet.use_until(found, day)
    return {
        "use_picture": sparkline([events for _, events in use], f"Events a day in {sheet.USE_DAYS} days"),
        "use_heads": ["Day", "Events"],
        "use_rows": [(day_text(on), number_text(events)) for on, events in reversed(use)],
        "use_total": sum(events for _, events in use),
    }
