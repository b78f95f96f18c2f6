"""What people typed about offers: told to whom it names in their export, and without the name once they are erased."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qsl, unquote_plus, urlencode

from django.db.models import CharField, Model, Q, QuerySet
from django.db.models.functions import Cast

from accounts.contacts.holdings import Holding
from accounts.contacts.naming import mentions
from accounts.contacts.rules import Names
from loyalty.core.audit.models import AuditLine
from loyalty.core.audit.rules import AuditVerb
from loyalty.core.audit.typed import strike_typed
from rewards.approvals.models import ApprovalStep, OfferComment, OfferRevision, SavedView
from rewards.offers.models import Offer

BATCH = 500


@dataclass(frozen=True)
class _Text:
    """One column that people type into: what it is, the way to its account, and the column of its moment, if any."""

    what: str
    model: type[Model]
    column: str
    account: str
    moment: str = ""
    longest: int | None = None

    def naming(self, account_ids: Sequence[int], names: Names) -> list[Any]:
        rows = self.model._default_manager.filter(mentions(self.column, names), **{f"{self.account}__in": account_ids})
        return [row for row in rows.order_by("pk") if names.is_in(getattr(row, self.column))]


_TEXTS = (
    _Text("why an offer was put aside", Offer, "snooze_reason", "account", longest=300),
    _Text("note of a decision", ApprovalStep, "note", "offer__account", "decided_at"),
    _Text("comment", OfferComment, "text", "offer__account", "at"),
    _Text("why terms were changed", OfferRevision, "reason", "offer__account", "written_at"),
)


def _rows(contact_id: int, account_ids: Sequence[int], names: Names) -> Iterator[dict[str, Any]]:
    """Each text that names them, with what it is and when it was typed; not by whom."""
    for kind in _TEXTS:
        for row in kind.naming(account_ids, names):
            at = getattr(row, kind.moment) if kind.moment else None
            yield {"what": kind.what, "at": at, "text": getattr(row, kind.column)}
    for view in SavedView.objects.order_by("pk"):
        if names.is_in(text := f"{view.name}: {unquote_plus(view.query)}"):
            yield {"what": "kept view of offers", "at": None, "text": text}
    lines = _lines(account_ids).filter(mentions("typed__text", names) | mentions("reason", names))
    for line in lines.select_related("typed").order_by("pk").iterator(chunk_size=BATCH):
        if names.is_in(line.why):
            yield {"what": f"audit: {AuditVerb(line.verb).label}", "at": line.at, "text": line.why}


def _strike(account_ids: Sequence[int], names: Names) -> None:
    """Take the names out; what the decisions were stays."""
    for kind in _TEXTS:
        told = kind.naming(account_ids, names)
        for row in told:
            setattr(row, kind.column, names.struck_text(getattr(row, kind.column))[: kind.longest])
        kind.model._default_manager.bulk_update(told, [kind.column], batch_size=BATCH)
    _strike_views(names)
    strike_typed(_lines(account_ids), mentions("text", names), names.struck_text)


def _lines(account_ids: Sequence[int]) -> QuerySet[AuditLine, Any]:
    offers = Offer.objects.filter(account__in=account_ids).values(as_text=Cast("pk", CharField()))
    return AuditLine.objects.filter(Q(object_type="offer", object_id__in=offers) | Q(object_type="view"))


def _strike_views(names: Names) -> None:
    """Kept filters no longer look for them; a name that is struck could be that of another view of the same person."""
    told = []
    for view in SavedView.objects.order_by("pk"):
        filters = parse_qsl(view.query.removeprefix("?"), keep_blank_values=True)
        left = [(name, value) for name, value in filters if not names.is_in(value)]
        if left != filters or names.is_in(view.name):
            view.query = f"?{urlencode(left)}" if left != filters else view.query
            view.name = f"View {view.pk}" if names.is_in(view.name) else view.name
            told.append(view)
    SavedView.objects.bulk_update(told, ["query", "name"], batch_size=BATCH)


SAID = Holding("said_of_offers", _rows, _strike)
