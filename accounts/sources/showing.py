"""A fresh key or secret, shown once: on the page that its making leads to, which forgets it as it shows it.

Until then it waits in the session of whoever made it, sealed; what is not
looked at within five minutes is not shown any more.
"""

from datetime import datetime, timedelta

from django.http import HttpRequest

from accounts.sources.models import Source
from accounts.sources.secrets import seal, unseal

WAITS = timedelta(minutes=5)
_SLOT = "fresh {what} of source {source}"


def keep_to_show(request: HttpRequest, what: str, source: Source, value: str, *, now: datetime) -> None:
    """Let the next page of the source show it; `what` is "key" or "secret"."""
    request.session[_SLOT.format(what=what, source=source.pk)] = [now.isoformat(), seal(value)]


def show_once(request: HttpRequest, what: str, source: Source, *, now: datetime) -> str:
    """What was kept, which is gone with that; "" when there is nothing (any more)."""
    kept = request.session.pop(_SLOT.format(what=what, source=source.pk), None)
    if kept is None or now - datetime.fromisoformat(kept[0]) > WAITS:
        return ""
    return unseal(kept[1]) or ""
