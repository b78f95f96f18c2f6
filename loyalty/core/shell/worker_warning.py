"""The warning of every page: nothing is being worked on."""

from django.urls import reverse
from django.utils import timezone

from loyalty.core.doorbell.seen import missing_since
from loyalty.core.shell.registry import Warned


def missing_worker_warning() -> Warned | None:
    """One sentence for the top bar when no worker has been seen for a minute; else None."""
    since = missing_since(timezone.now())
    return Warned(f"No worker since {since:%H:%M} UTC: facts and offers wait", reverse("jobs")) if since else None
