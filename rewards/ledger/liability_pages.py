"""The liability at /liability/: how it moved, when what is left expires, what it comes from, and the proof."""

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any
from urllib.parse import urlencode

from django.conf import settings
from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_GET

from accounts.segments.models import Segment
from accounts.tiers.models import Tier
from loyalty.core.charts.columns import columns
from loyalty.core.charts.waterfall import Step, waterfall
from loyalty.core.csv import csv_response, wants_csv
from loyalty.core.figures import month_text
from loyalty.core.money import POINTS
from loyalty.core.people.session import signed_in
from rewards.catalogue.models import Reward
from rewards.ledger.queries import months_until
from rewards.ledger.rules import ZERO, RollForwardMonth, total_of
from rewards.ledger.snapshot import one_snapshot
from rewards.ledger.standing import Splits, campaign_names, currencies_held, standing_of
from rewards.ledger.translating import together, translated

CSV_HEADER = ["month", "opening", "issued", "redeemed", "expired", "reversed", "breakage", "closing", "currency"]


@require_GET
def liability(request: HttpRequest) -> HttpResponseBase:
    """What is owed now, how it came to be month by month, and the proof that it equals the ledger."""
    now = timezone.now()
    with one_snapshot():
        held = currencies_held() or [settings.REPORTING_CURRENCY]
        currency = _currency(request, held)
        standing = standing_of(currency, months_until(now.date()))
        rows = standing.rows
        is_other = currency != settings.REPORTING_CURRENCY
        in_reporting = translated(rows, currency, now.date()) if is_other else None
        all_units = together(held, now.date()) if held != [settings.REPORTING_CURRENCY] else None
    if wants_csv(request):
        lines = ([*_figures(row), currency] for row in rows)
        return csv_response("liability", CSV_HEADER, lines, acting_user=signed_in(request))
    context: dict[str, Any] = {"rows": rows, "this": rows[-1], "total": total_of(rows), "standing": standing}
    context |= {"currency": currency, "picture": _waterfall(rows[-1], currency), "steps": _steps(rows[-1])}
    context |= {"in_reporting": in_reporting, "all_units": all_units, "reporting": settings.REPORTING_CURRENCY}
    context |= {"today": now.date(), "ages": sorted(standing.splits.expires_in.items())}
    context["ageing"] = columns(context["ages"], "What is left, by the month in which it expires", currency)
    context["splits"] = _told(standing.splits, currency)
    chips = [{"label": "Points" if c == POINTS else c, "url": f"?currency={c}", "active": c == currency} for c in held]
    context |= {"chips": chips if len(held) > 1 else [], "csv_url": f"?currency={currency}&format=csv"}
    return render(request, "rewards/ledger/liability.html", context)


def _currency(request: HttpRequest, held: list[str]) -> str:
    asked = request.GET.get("currency", "")
    if asked in held:
        return asked
    return settings.REPORTING_CURRENCY if settings.REPORTING_CURRENCY in held else held[0]


def _figures(row: RollForwardMonth) -> list[object]:
    moved = [row.opening, row.issued, row.redeemed, row.expired, row.reversed, row.breakage, row.closing]
    return [f"{row.month:%Y-%m}", *moved]


def _steps(row: RollForwardMonth) -> list[Step]:
    return [
        Step("Opening", row.opening, is_total=True),
        Step("Issued", row.issued),
        Step("Redeemed", -row.redeemed),
        Step("Expired", -row.expired),
        Step("Reversed", -row.reversed),
        Step("Breakage", -row.breakage),
        Step("Closing", row.closing, is_total=True),
    ]


def _waterfall(row: RollForwardMonth, currency: str) -> str:
    return waterfall(_steps(row), f"The liability in {month_text(row.month)}", currency)


@dataclass(frozen=True)
class Part:
    """One value of a split: its name, where it leads (or empty), what is left of its credits, and its share of all.

    `query` is what asks …/left/ for its lots.
    """

    name: str
    url: str
    query: str
    amount: Decimal
    share: Decimal


def _told(splits: Splits, currency: str) -> list[tuple[str, list[Part]]]:
    """The four splits by name, the largest part first."""
    tiers = dict(Tier.objects.values_list("key", "name"))
    segments = dict(Segment.objects.values_list("key", "name"))
    rewards = dict(Reward.objects.filter(pk__in=splits.reward).values_list("pk", "name"))
    none = {"": "None known on the day of issue"}
    campaigns = campaign_names(splits.campaign)
    told: list[tuple[str, Mapping[Any, Decimal], Mapping[Any, str], bool]] = [
        ("Campaign", splits.campaign, campaigns, True),
        ("Reward", splits.reward, rewards, True),
        ("Tier", splits.tier, tiers | none, False),
        ("Segment", splits.segment, segments | none, False),
    ]
    return [(by, _parts(by.lower(), amounts, names, currency, has_page)) for by, amounts, names, has_page in told]


def _parts(
    by: str, amounts: Mapping[Any, Decimal], names: Mapping[Any, str], currency: str, has_page: bool
) -> list[Part]:
    ordered = sorted(amounts.items(), key=lambda part: (-part[1], str(part[0])))
    total = sum(amounts.values(), ZERO)
    return [
        Part(
            names.get(key, str(key)),
            reverse(by, args=[key]) if has_page else "",
            urlencode({"currency": currency, by: key}),
            amount,
            amount / total,
        )
        for key, amount in ordered
    ]
