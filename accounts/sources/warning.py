"""The warning of every page: a system of record went silent."""

from django.urls import reverse
from django.utils import timezone

from accounts.sources.queries import silent_sources
from loyalty.core.shell.registry import Warned


def silent_source_warning() -> Warned | None:
    """One sentence for the top bar when a system of record is silent for too long; else None."""
    silent = silent_sources(now=timezone.now())
    if not silent:
        return None
    others = f" and {len(silent) - 1} more" if len(silent) > 1 else ""
    return Warned(f"No data from {silent[0].name}{others}", reverse("sources"))
