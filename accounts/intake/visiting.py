"""How any way in over HTTP answers: what it took in, or why not, or that the database is away."""

import logging
from collections.abc import Callable
from typing import Protocol

from django.http import HttpResponse

from accounts.intake.bodies import visible
from accounts.intake.exchange import refusal, unavailable
from accounts.intake.quota import OverQuota
from accounts.intake.receipts import tell_refused_request
from accounts.intake.rules import TOO_DEEP, RequestRefused
from accounts.sources.queries import Sender
from loyalty.core.availability import DATABASE_TROUBLE, is_unavailable

log = logging.getLogger(__name__)


class Visiting(Protocol):
    """One request on its way in, and how far it got: who sent it, and its bytes."""

    channel: str
    sender: Sender | None
    body: bytes


def answer_to(visit: Visiting, take_in: Callable[[], HttpResponse]) -> HttpResponse:
    """The answer of `take_in`, or the refusal that it raised, counted and kept on /events/.

    Over quota is told without asking the database; a database that cannot do its part is 503.
    """
    try:
        try:
            return take_in()
        except OverQuota as over:
            return refusal(over)
        except RequestRefused as refused:
            return _refused(visit, refused)
        except RecursionError:  # just readable, and too deep for what comes after
            return _refused(visit, RequestRefused(400, TOO_DEEP))
    except DATABASE_TROUBLE as trouble:
        if not is_unavailable(trouble):
            raise
        log.warning("The way in “%s” cannot use the database: %s", visit.channel, trouble)
        return unavailable()


def _refused(visit: Visiting, refused: RequestRefused) -> HttpResponse:
    tell_refused_request(visit.sender, visit.channel, refused.refusal, visible(visit.body))
    return refusal(refused)
