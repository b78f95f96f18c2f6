"""Something fresh and secret, shown once: on the page that its making leads to, which forgets it as it shows it.

Until then it waits in the session of whoever made it, sealed; what is not
looked at within five minutes is not shown any more. Reloading the page makes
nothing again.
"""

from datetime import datetime, timedelta

from django.http import HttpRequest

from loyalty.core.sealing import seal, unseal

WAITS = timedelta(minutes=5)
PURPOSE = "loyalty: shown once"


def keep_to_show(request: HttpRequest, what: str, value: str, *, now: datetime) -> None:
    """Let the next page show it; `what` names it and whose it is: "key of source 7"."""
    request.session[f"fresh {what}"] = [now.isoformat(), seal(value, PURPOSE)]


def show_once(request: HttpRequest, what: str, *, now: datetime) -> str:
    """What was kept, which is gone with that; "" when there is nothing (any more)."""
    kept = request.session.pop(f"fresh {what}", None)
    if kept is None or now - datetime.fromisoformat(kept[0]) > WAITS:
        return ""
    return unseal(kept[1], PURPOSE) or ""
