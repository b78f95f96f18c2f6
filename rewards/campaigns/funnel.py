"""The funnel of a campaign: how far each match came, and why it went no further.

One definition of both, for the figures and for the lists behind them. A match
has come as far as `reached`; `stopped` says why no further, or what it waits for.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any
from urllib.parse import urlencode

from django.db.models import Case, CharField, Count, Exists, F, Min, OuterRef, Q, QuerySet, Value, When
from django.db.models.functions import Cast, Coalesce

from loyalty.core.audit.models import AuditLine
from loyalty.core.audit.rules import AuditVerb
from rewards.approvals.models import ApprovalStep, StepState
from rewards.campaigns.models import Campaign, Candidate, Outcome
from rewards.ledger.models import PostingLine
from rewards.ledger.rules import PostingKind
from rewards.offers.models import Offer
from rewards.offers.rules import OfferState


class Reached(StrEnum):
    """The stages, from the first to the last."""

    MATCHED = "matched"
    FIT = "fit"
    NOT_CAPPED = "not_capped"
    NOT_HELD_OUT = "not_held_out"
    PROPOSED = "proposed"
    APPROVED = "approved"
    DELIVERED = "delivered"
    ACCEPTED = "accepted"
    REDEEMED = "redeemed"

    @property
    def label(self) -> str:
        return self.value.replace("_", " ").capitalize()


ORDER = list(Reached)
S, R = OfferState, Reached

# Where an offer stands, and the words for it: what it still waits for, or how it ended.
WAITING: Mapping[tuple[Reached, OfferState], str] = {
    (R.PROPOSED, S.PROPOSED): "still being decided",
    (R.PROPOSED, S.IN_APPROVAL): "still being decided",
    (R.APPROVED, S.APPROVED): "not delivered yet",
    (R.DELIVERED, S.DELIVERED): "without an answer yet",
    (R.ACCEPTED, S.ACCEPTED): "not used yet",
}
ENDED: Mapping[tuple[Reached, OfferState], str] = {
    (R.PROPOSED, S.REJECTED): "rejected",
    (R.PROPOSED, S.LAPSED): "decided by nobody in time",
    (R.PROPOSED, S.WITHDRAWN): "withdrawn",
    (R.APPROVED, S.WITHDRAWN): "taken back before it reached them",
    (R.DELIVERED, S.DECLINED): "declined",
    (R.DELIVERED, S.LAPSED): "accepted by nobody in time",
    (R.DELIVERED, S.WITHDRAWN): "taken back",
}
REASONS_SHOWN = 3


@dataclass(frozen=True)
class Drop:
    """Matches that stopped at a stage for one reason; `query` lists them, `reasons` are what people wrote."""

    words: str
    count: int
    query: str
    is_waiting: bool = False
    reasons: list[tuple[str, int]] = field(default_factory=list)


@dataclass(frozen=True)
class Stage:
    """One stage: how many matches came so far, and those that came no further."""

    reached: Reached
    count: int
    drops: list[Drop]

    @property
    def label(self) -> str:
        return self.reached.label

    @property
    def query(self) -> str:
        return urlencode({"stage": self.reached.value})


def placed(campaign: Campaign) -> QuerySet[Any, Any]:
    """The matches of a campaign, each with how far it came (`reached`) and why no further (`stopped`)."""
    used = PostingLine.objects.filter(lot__grant__offer=OuterRef("offer"), posting__kind=PostingKind.REDEEM.value)
    # A credit that was used counts as accepted and delivered, whoever forgot to note it.
    reached = Case(
        When(outcome=Outcome.UNFIT.value, then=Value(R.MATCHED.value)),
        When(outcome=Outcome.CAPPED.value, then=Value(R.FIT.value)),
        When(outcome=Outcome.HELD_OUT.value, then=Value(R.NOT_CAPPED.value)),
        When(Q(offer__state=S.REDEEMED.value) | Exists(used), then=Value(R.REDEEMED.value)),
        When(offer__state=S.ACCEPTED.value, then=Value(R.ACCEPTED.value)),
        When(offer__delivered_at__isnull=False, then=Value(R.DELIVERED.value)),
        When(offer__grant__isnull=False, then=Value(R.APPROVED.value)),
        default=Value(R.PROPOSED.value),
        output_field=CharField(),
    )
    stopped = Case(When(offer__isnull=False, then=F("offer__state")), default=F("rule"), output_field=CharField())
    return Candidate.objects.filter(campaign=campaign).annotate(reached=reached, stopped=stopped)


def those_at(campaign: Campaign, stage: str, stopped: str | None) -> QuerySet[Candidate]:
    """The matches that came as far as a stage, or those of them that stopped there for a reason; "" is all."""
    rows = placed(campaign)
    if stage not in list(Reached):
        return rows
    if stopped is not None:
        return rows.filter(reached=stage, stopped=stopped)
    return rows.filter(reached__in=[s.value for s in ORDER[ORDER.index(Reached(stage)) :]])


def funnel(campaign: Campaign) -> list[Stage]:
    """All stages, each with what went no further and why."""
    counted = list(
        placed(campaign)
        .order_by()
        .values_list("reached", "stopped")
        .annotate(n=Count("id"), words=Min("reason"))
        .order_by("-n", "stopped")
    )
    written = {S.REJECTED: _rejections(campaign), S.DECLINED: _declines(campaign)}
    at = {stage: [row for row in counted if row[0] == stage] for stage in Reached}
    stages, left = [], sum(row[2] for row in counted)
    for stage in Reached:
        drops = [_drop(stage, stopped, n, words, written) for _, stopped, n, words in at[stage]]
        stages.append(Stage(stage, left, [] if stage is R.REDEEMED else drops))
        left -= sum(row[2] for row in at[stage])
    return stages


def _drop(
    stage: Reached, stopped: str, count: int, words: str, written: Mapping[OfferState, list[tuple[str, int]]]
) -> Drop:
    query = urlencode({"stage": stage.value, "stopped": stopped})
    if stage is R.MATCHED:
        return Drop(words.rstrip("."), count, query)
    if stage is R.FIT:
        cap = stopped.removeprefix("cap:")
        return Drop(words.rstrip(".") if cap == stopped else f"The cap “{cap}” had no room", count, query)
    if stage is R.NOT_CAPPED:
        return Drop("held out by lot", count, query)
    key = (stage, OfferState(stopped))
    if key in WAITING:
        return Drop(WAITING[key], count, query, is_waiting=True)
    return Drop(ENDED.get(key, key[1].label), count, query, reasons=written.get(key[1], []))


def _rejections(campaign: Campaign) -> list[tuple[str, int]]:
    """What people wrote when they rejected, the most frequent first."""
    steps = ApprovalStep.objects.filter(offer__campaign=campaign, state=StepState.REJECTED.value).exclude(note="")
    return _frequent(steps.values_list("note").annotate(n=Count("id")).order_by("-n", "note"))


def _declines(campaign: Campaign) -> list[tuple[str, int]]:
    """Why customers declined, as Customer Success noted it."""
    declined = Offer.objects.filter(campaign=campaign, state=S.DECLINED.value)
    lines = AuditLine.objects.filter(
        verb=AuditVerb.OFFER_DECLINED.value,
        object_type="offer",
        object_id__in=declined.values(as_text=Cast("id", CharField())),
    )
    said = lines.annotate(words=Coalesce("typed__text", "reason")).values_list("words")
    return _frequent(said.annotate(n=Count("id")).order_by("-n", "words"))


def _frequent(rows: QuerySet[Any, tuple[str, int]]) -> list[tuple[str, int]]:
    return [(reason, n) for reason, n in rows[:REASONS_SHOWN]]
