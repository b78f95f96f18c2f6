"""What every page shows around itself: navigation with counts, and the person."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django.http import HttpRequest
from django.urls import reverse

from loyalty.core.people.models import User
from loyalty.core.people.rules import Function
from loyalty.core.shell.registry import count_for, first_warning, settings_tabs

F = Function


@dataclass(frozen=True)
class Item:
    """One address of the navigation; `name` is the URL's name."""

    name: str
    label: str
    icon: str


@dataclass(frozen=True)
class Group:
    """What a person comes for. Functions that never touch it see it folded."""

    label: str
    items: tuple[Item, ...]
    touched_by: frozenset[Function] = frozenset(F)
    for_administrators: bool = False


NAVIGATION = (
    Group("", (Item("home", "Home", "home"),)),
    Group(
        "My work",
        (
            Item("offers", "Queue", "queue"),
            Item("tasks", "To deliver", "check"),
            Item("changes", "Change requests", "changes"),
            Item("inbox", "Inbox", "inbox"),
        ),
    ),
    Group(
        "Customers",
        (
            Item("accounts", "Accounts", "accounts"),
            Item("segments", "Segments", "segments"),
            Item("tiers", "Tiers", "tiers"),
        ),
    ),
    Group(
        "Programme",
        (
            Item("campaigns", "Campaigns", "campaigns"),
            Item("milestones", "Milestones", "milestones"),
            Item("rewards", "Rewards", "rewards"),
        ),
    ),
    Group(
        "Money",
        (
            Item("caps", "Caps", "caps"),
            Item("liability", "Liability", "liability"),
            Item("ledger", "Ledger", "ledger"),
            Item("affordability", "Affordability", "affordability"),
            Item("tax", "Tax", "tax"),
        ),
        touched_by=frozenset({F.FINANCE}),
    ),
    Group(
        "System",
        (
            Item("sources", "Sources", "sources"),
            Item("events", "Events", "events"),
            Item("jobs", "Jobs", "jobs"),
            Item("audit", "Audit", "audit"),
            Item("settings", "Settings", "settings"),
        ),
        touched_by=frozenset(),
        for_administrators=True,
    ),
)


def shell(request: HttpRequest) -> dict[str, Any]:
    """The `shell` of templates/base.html; empty for somebody who is not signed in."""
    user = getattr(request, "user", None)
    if not isinstance(user, User):
        return {"shell": {"nav": []}}
    return {
        "shell": {
            "nav": _navigation(request.path, user),
            "counts_url": reverse("counts"),
            "stale": first_warning(),
            "function": user.functions_in_words,
            "settings": _settings(request.path) if request.path.startswith(reverse("settings")) else [],
            "query": request.GET.get("q", "") if request.path == reverse("search") else "",
        }
    }


def _settings(path: str) -> list[dict[str, Any]]:
    """The tabs under /settings/; the longest address that the path begins with is where one is."""
    tabs = [{"label": tab.label, "url": reverse(tab.url_name)} for tab in settings_tabs()]
    here = max((tab["url"] for tab in tabs if path.startswith(tab["url"])), key=len, default="")
    return [{**tab, "active": tab["url"] == here} for tab in tabs]


def _navigation(path: str, user: User) -> list[dict[str, Any]]:
    """All groups; one is at the item with the longest address that the path begins with."""
    addresses = {item.name: reverse(item.name) for group in NAVIGATION for item in group.items}
    around = [name for name, url in addresses.items() if (path == url if url == "/" else path.startswith(url))]
    here = max(around, key=lambda name: len(addresses[name]), default="")
    return [_group(group, addresses, here, user) for group in NAVIGATION]


def _group(group: Group, addresses: Mapping[str, str], here: str, user: User) -> dict[str, Any]:
    items = [
        {
            "key": item.name,
            "label": item.label,
            "url": addresses[item.name],
            "icon": item.icon,
            "count": count_for(item.name, user),
            "active": item.name == here,
        }
        for item in group.items
    ]
    touches = bool(group.touched_by & user.functions) or (group.for_administrators and user.is_administrator)
    active = any(item["active"] for item in items)
    return {"label": group.label, "folded": bool(group.label) and not touches and not active, "items": items}
