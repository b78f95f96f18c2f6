"""What the search of every page finds in the book."""

from django.urls import reverse

from accounts.book.queries import search_contacts
from accounts.records.finding import accounts_named
from loyalty.core.people.models import User
from loyalty.core.shell.registry import Found

AT_MOST = 8


def find_accounts(text: str, user: User) -> list[Found]:
    """Accounts by name or external id."""
    return [
        Found(a.name, a.get_plan_segment_display().capitalize(), reverse("account", args=[a.pk]))
        for a in accounts_named(text, AT_MOST)
    ]


def find_contacts(text: str, user: User) -> list[Found]:
    """Contacts by name or address; each leads to their own page."""
    return [
        Found(str(c), c.account.name if c.account else "", reverse("contact", args=[c.pk]))
        for c in search_contacts(text, AT_MOST)
    ]
