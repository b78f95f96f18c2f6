"""From a match to an offer: claim, reserve room, write the offer with its evidence and steps."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime

from django.conf import settings
from django.db import connection, transaction
from django.utils import timezone

from accounts.facts.models import AccountFacts
from accounts.milestones.models import MilestoneReach
from accounts.privacy.queries import consenting_ids
from accounts.records.models import Contact
from accounts.records.rules import ContactRole
from loyalty.core.audit.models import AuditLine
from loyalty.core.audit.rules import AuditVerb
from loyalty.core.audit.verbs import audit_line
from loyalty.core.money import money
from loyalty.core.people.rules import Function
from rewards.approvals.models import ApprovalSettings, ApprovalStep
from rewards.approvals.rules import OfferToApprove, Step, required_steps
from rewards.approvals.verbs import approval_settings, due_at
from rewards.campaigns.evidence import KnownFacts, Reached, evidence
from rewards.campaigns.matching import Match, claim_matches
from rewards.campaigns.models import Campaign, CampaignStep, Candidate, Outcome
from rewards.caps.verbs import CapResult, ReserveRequest, reserve
from rewards.catalogue.models import Reward
from rewards.offers.models import Offer
from rewards.offers.rules import OfferState
from rewards.offers.terms import OfferTerms, digest_of

BATCH = 500


@dataclass(frozen=True)
class _Known:
    """What one batch of matches needs, read with one query a kind."""

    campaigns: Mapping[int, Campaign]
    rewards: Mapping[int, Reward]
    reaches: Mapping[int, MilestoneReach]
    champions: Mapping[int, int]
    facts: Mapping[int, AccountFacts]
    rules: ApprovalSettings


def evaluate(limit: int = BATCH) -> int:
    """Turn up to `limit` new matches into offers; returns how many matches it dealt with.

    One transaction: a worker that dies leaves nothing, and the next one finds the
    same matches. Two at once share the matches between them, each once.
    """
    with transaction.atomic():
        matches = claim_matches(limit)
        if matches:
            _propose(matches)
    return len(matches)


def _propose(matches: Sequence[Match]) -> None:
    now = timezone.now()
    known = _read(matches)
    due = due_at(now, known.rules.due_working_days)
    offer_ids = dict(zip((m.candidate_id for m in matches), _new_offer_ids(len(matches)), strict=True))
    room = reserve([_request(m, offer_ids[m.candidate_id], known, now.date()) for m in matches])

    offers: list[Offer] = []
    steps: list[ApprovalStep] = []
    lines: list[AuditLine] = []
    candidates: list[Candidate] = []
    for match in matches:
        result = room[offer_ids[match.candidate_id]]
        if not result.ok:
            candidates.append(
                Candidate(pk=match.candidate_id, outcome=Outcome.CAPPED.value, reason=result.reason[:300])
            )
            continue
        offer, wanted = _offer(match, offer_ids[match.candidate_id], result, known, due)
        offers.append(offer)
        steps += [
            ApprovalStep(offer=offer, function=s.function.value, position=n, why=s.why[:300], due_at=due)
            for n, s in enumerate(wanted, start=1)
        ]
        lines.append(_audit(offer))
        candidates.append(Candidate(pk=match.candidate_id, outcome=Outcome.PROPOSED.value, offer=offer))
    Offer.objects.bulk_create(offers)
    ApprovalStep.objects.bulk_create(steps)
    Candidate.objects.bulk_update(candidates, ["outcome", "reason", "offer"])
    AuditLine.objects.bulk_create(lines)


def _read(matches: Sequence[Match]) -> _Known:
    accounts = {m.account_id for m in matches}
    facts = AccountFacts.objects.filter(account_id__in=accounts).order_by("account_id", "-day").distinct("account_id")
    return _Known(
        campaigns=Campaign.objects.in_bulk({m.campaign_id for m in matches}),
        rewards=_first_rewards({m.campaign_id for m in matches}),
        reaches=MilestoneReach.objects.select_related("milestone", "account", "event").in_bulk(
            {m.reach_id for m in matches}
        ),
        champions=_champions(accounts),
        facts={f.account_id: f for f in facts},
        rules=approval_settings(),
    )


def _first_rewards(campaign_ids: Iterable[int]) -> dict[int, Reward]:
    steps = CampaignStep.objects.filter(campaign_id__in=campaign_ids, position=1).select_related("reward")
    return {step.campaign_id: step.reward for step in steps}


def _champions(account_ids: Iterable[int]) -> dict[int, int]:
    """Of each account the champion who consents; an account without one is left out.

    They are locked before their consent is read: whoever withdraws meanwhile
    comes before this reading, or after the offer and takes their name off it.
    """
    named = Contact.objects.filter(account_id__in=account_ids, role=ContactRole.CHAMPION.value).order_by("id")
    locked = dict(named.select_for_update(no_key=True).values_list("pk", "account_id"))
    willing = consenting_ids(locked)
    return {locked[pk]: pk for pk in sorted(willing, reverse=True)}


def _new_offer_ids(count: int) -> list[int]:
    """Ids from the offers' sequence: cap entries name their offer before it is written."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT nextval(pg_get_serial_sequence('rewards_offer', 'id')) FROM generate_series(1, %s)", [count]
        )
        return [row[0] for row in cursor.fetchall()]


def _request(match: Match, offer_id: int, known: _Known, day: date) -> ReserveRequest:
    campaign, reward = known.campaigns[match.campaign_id], known.rewards[match.campaign_id]
    return ReserveRequest(
        offer_id=offer_id,
        account_id=match.account_id,
        campaign_id=campaign.pk,
        function=campaign.owner_function,
        reward_kind=reward.kind,
        amount=reward.discount_equivalent,
        day=day,
    )


def _offer(match: Match, offer_id: int, result: CapResult, known: _Known, due: datetime) -> tuple[Offer, list[Step]]:
    campaign, reach = known.campaigns[match.campaign_id], known.reaches[match.reach_id]
    reward = known.rewards[match.campaign_id]
    wanted = required_steps(
        OfferToApprove(
            owner=Function(campaign.owner_function),
            campaign_name=campaign.name,
            discount_equivalent=reward.discount_equivalent,
            currency=reward.currency,
            has_money_value=reward.is_credit,
            is_limited_feature=reward.is_limited_feature,
            exceeded_soft_cap=result.exceeded,
        ),
        finance_threshold=known.rules.finance_threshold,
    )
    terms = OfferTerms(
        account_id=match.account_id,
        campaign_id=campaign.pk,
        campaign_version=campaign.version,
        cause_key=match.cause_key,
        reward_id=reward.pk,
        reward_name=reward.name,
        face_value=reward.face_value,
        discount_equivalent=reward.discount_equivalent,
        currency=reward.currency,
        validity_days=reward.validity_days,
    )
    offer = Offer(
        pk=offer_id,
        account=reach.account,
        contact_id=known.champions.get(match.account_id),
        campaign_id=campaign.pk,
        campaign_version=campaign.version,
        cause_key=match.cause_key,
        reward_id=reward.pk,
        reward_name=reward.name,
        face_value=reward.face_value,
        discount_equivalent=reward.discount_equivalent,
        currency=reward.currency,
        validity_days=reward.validity_days,
        evidence=evidence(
            _reached(reach),
            _facts(known.facts.get(match.account_id)),
            campaign=campaign.name,
            campaign_version=campaign.version,
            addressed=match.account_id in known.champions,
        ),
        digest=digest_of(terms),
        state=OfferState.IN_APPROVAL.value,
        next_function=wanted[0].function.value,
        due_at=due,
    )
    return offer, wanted


def _reached(reach: MilestoneReach) -> Reached:
    return Reached(
        name=reach.milestone.name,
        event_name=reach.event.name if reach.event else reach.milestone.event_name,
        count=reach.count,
        version=reach.version,
        reached_at=reach.reached_at,
        event_message_id=reach.event.message_id if reach.event else "",
    )


def _facts(row: AccountFacts | None) -> KnownFacts | None:
    if row is None:
        return None
    return KnownFacts(
        day=row.day,
        seats_active=row.seats_active,
        seats_bought=row.seats_bought,
        arr=row.arr,
        currency=settings.REPORTING_CURRENCY,
        renews_on=row.renews_on,
    )


def _audit(offer: Offer) -> AuditLine:
    return audit_line(
        AuditVerb.OFFER_PROPOSED,
        acting_user=None,
        object_type="offer",
        object_id=offer.pk,
        object_label=str(offer),
        after={"value": money(offer.discount_equivalent, offer.currency), "terms": offer.digest},
        reason=offer.evidence["words"][0],
    )
