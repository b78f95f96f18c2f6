"""What came in: accepted events, profile calls and billing events, and what was refused, newest first.

A contact is named, and found by name, as long as they consent.
"""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from itertools import chain
from typing import Any

from django.db.models import Model, Q, QuerySet, Sum

from accounts.intake.models import IntakeBatch, ProfileCall, RefusedItem
from accounts.intake.replaying import AT_ONCE, alike, may_replay, owner_of, why_not
from accounts.intake.stripe.models import StripeCall
from accounts.intake.stripe.unpriced import MRR_UNKNOWN, WHY
from accounts.privacy.queries import standing
from accounts.sources.models import Source
from accounts.usage.models import Event
from loyalty.core.people.models import User
from loyalty.core.people.rules import FUNCTION_LABELS

EVENT, PROFILE, STRIPE, REFUSED = "event", "profile-call", "stripe-call", "refused-item"
OUTCOMES = {
    EVENT: "Accepted events",
    PROFILE: "Accepted profile calls",
    STRIPE: "Accepted billing events",
    REFUSED: "Refused",
}
SORTED_BY = ("-id",)
WITHOUT_CONSENT = "a contact without consent"
CSV_HEADER = (
    *("received", "outcome", "what", "account", "contact", "happened", "source"),
    *("code", "reason", "message id"),
)

# The kind is also the name of the address of one of them.
_MODELS: dict[str, type[Model]] = {EVENT: Event, PROFILE: ProfileCall, STRIPE: StripeCall, REFUSED: RefusedItem}


@dataclass(frozen=True)
class Arrival:
    """One thing that came in, as the list shows it. `kind` is one of OUTCOMES; times are UTC."""

    kind: str
    pk: int
    what: str
    account: str
    account_id: int | None
    contact: str
    source: str
    received_at: datetime
    occurred_at: datetime | None
    code: str
    reason: str
    message_id: str
    went_in_at: datetime | None = None
    remedy: str = ""

    @property
    def key(self) -> str:
        """What names the row on the page and in the address of the list."""
        return f"{self.kind}-{self.pk}"

    @property
    def outcome(self) -> str:
        """The status that the badge shows."""
        return "refused" if self.kind == REFUSED and not self.went_in_at else "accepted"


@dataclass(frozen=True)
class Totals:
    """What became of everything that was sent within a span of time."""

    label: str
    accepted: int
    duplicates: int
    refused: int


def totals(now: datetime, source_id: int = 0) -> list[Totals]:
    """Sums over the last 24 hours and the last 7 days, both ending at `now`; source 0 means all."""
    spans = {"Last 24 hours": timedelta(hours=24), "Last 7 days": timedelta(days=7)}
    return [_total(label, now - span, source_id) for label, span in spans.items()]


def _total(label: str, since: datetime, source_id: int) -> Totals:
    batches = IntakeBatch.objects.filter(received_at__gt=since)
    later = RefusedItem.objects.filter(batch__received_at__gt=since, went_in_at__isnull=False)
    if source_id:
        batches, later = batches.filter(source_id=source_id), later.filter(source_id=source_id)
    sums = batches.aggregate(
        accepted=Sum("accepted", default=0), duplicates=Sum("duplicates", default=0), refused=Sum("refused", default=0)
    )
    # What went in later counts with the batch that it then came in by.
    sums["refused"] -= later.count()
    return Totals(label, **sums)


def sources() -> list[tuple[str, str]]:
    """Every source as (id, name), for the filter."""
    return [(str(pk), name) for pk, name in Source.objects.values_list("pk", "name")]


def rows_of(kind: str, source_id: int, text: str) -> QuerySet[Any]:
    """The rows of one outcome by SORTED_BY; source 0 means all. The text is looked for in names and ids."""
    rows = _MODELS[kind]._default_manager.select_related(*_related(kind)).order_by(*SORTED_BY)
    if kind in (EVENT, PROFILE):
        rows = rows.annotate(may_be_named=standing("contact_id"))
    if source_id:
        rows = rows.filter(source_id=source_id)
    return rows.filter(_mentions(kind, text)) if text else rows


def newest(source_id: int, text: str, size: int) -> list[Arrival]:
    """The newest of all outcomes together."""
    found = chain.from_iterable(arrivals(kind, rows_of(kind, source_id, text)[:size]) for kind in OUTCOMES)
    return sorted(found, key=lambda a: (a.received_at, a.kind, a.pk), reverse=True)[:size]


def arrivals(kind: str, rows: Iterable[Any]) -> Iterator[Arrival]:
    """Rows of one outcome as the list shows them."""
    told: dict[str, Callable[[Any], Arrival]] = {
        EVENT: _of_event,
        PROFILE: _of_profile,
        STRIPE: _of_stripe,
        REFUSED: _of_refused,
    }
    return (told[kind](row) for row in rows)


def arrival(kind: str, pk: int) -> tuple[Arrival, Any] | None:
    """One thing that came in, and its content: JSON, or the text of what was refused."""
    row = rows_of(kind, 0, "").filter(pk=pk).first() if kind in _MODELS else None
    if row is None:
        return None
    content = {EVENT: "properties", PROFILE: "payload", STRIPE: "payload", REFUSED: "raw"}[kind]
    return next(arrivals(kind, [row])), getattr(row, content)


def sending_again(item_id: int, user: User) -> dict[str, Any]:
    """A refused item, why it cannot be sent again ("" when it can), who may, how many are like it, and go at once."""
    item = RefusedItem.objects.select_related("batch", "source", "retried_by").get(pk=item_id)
    like_it = RefusedItem.objects.filter(code=item.code, went_in_at=None, batch__channel__in=alike(item))
    count = like_it.filter(source_id=item.source_id).count() if item.source_id else 0
    owner = owner_of(item)
    told = {"item": item, "cannot": why_not(item), "alike": count, "may_replay": may_replay(user, item)}
    return told | {"owner": FUNCTION_LABELS[owner] if owner else "", "at_once": AT_ONCE}


def csv_rows(kinds: Iterable[str], source_id: int, text: str) -> Iterator[list[object]]:
    """One line each, in the order of CSV_HEADER; outcome after outcome, the newest first within each."""
    for kind in kinds:
        for a in arrivals(kind, rows_of(kind, source_id, text).iterator(chunk_size=2000)):
            yield [
                *(a.received_at, a.outcome, a.what, a.account, a.contact, a.occurred_at, a.source),
                *(a.code, a.reason, a.message_id),
            ]


def _related(kind: str) -> tuple[str, ...]:
    named = {REFUSED: ("source",), STRIPE: ("source", "account")}
    return named.get(kind, ("source", "account", "contact"))


def _mentions(kind: str, text: str) -> Q:
    if kind == REFUSED:
        return Q(reason__icontains=text) | Q(code=text) | Q(message_id=text) | Q(call=text)
    if kind == STRIPE and text == MRR_UNKNOWN:
        return ~Q(unpriced="")
    if kind == STRIPE:
        named = Q(call__startswith=text)
    else:
        of_contact = Q(contact__name__icontains=text, may_be_named=True)
        named = Q(name__icontains=text) if kind == EVENT else Q(call=text) | of_contact
    return named | Q(message_id=text) | Q(account__name__icontains=text)


def _of_event(row: Event) -> Arrival:
    return _accepted(EVENT, row, row.name)


def _of_profile(row: ProfileCall) -> Arrival:
    return _accepted(PROFILE, row, row.call)


def _of_stripe(row: StripeCall) -> Arrival:
    """What was taken in, and left an MRR unknown, says why and what to do."""
    taken, why = _accepted(STRIPE, row, row.call), WHY.get(row.unpriced)
    if why is None:
        return taken
    named = ", ".join(name.partition(" ")[2] for name in row.named)
    reason = f"Its MRR is unknown. {why.reason}" + (f" It names {named}." if named else "")
    return replace(taken, code=MRR_UNKNOWN, reason=reason, remedy=why.remedy)


def _accepted(kind: str, row: Event | ProfileCall | StripeCall, what: str) -> Arrival:
    return Arrival(
        kind=kind,
        pk=row.pk,
        what=what,
        account=str(row.account or ""),
        account_id=row.account_id,
        contact="" if isinstance(row, StripeCall) else _named(row),
        source=row.source.name,
        received_at=row.received_at,
        occurred_at=row.occurred_at,
        code="",
        reason="",
        message_id=row.message_id,
    )


def _named(row: Any) -> str:
    if row.contact is None:
        return ""
    return str(row.contact) if row.may_be_named else WITHOUT_CONSENT


def _of_refused(row: RefusedItem) -> Arrival:
    return Arrival(
        kind=REFUSED,
        pk=row.pk,
        what=row.call or "a call",
        account="",
        account_id=None,
        contact="",
        source=row.source.name if row.source else "Unknown sender",
        received_at=row.received_at,
        occurred_at=None,
        code=row.code,
        reason=row.reason,
        message_id=row.message_id,
        went_in_at=row.went_in_at,
    )
